import { useState } from 'preact/hooks';
import { call } from '../../api.ts';
import { duration, moment, named, number, t } from '../../i18n/index.ts';
import { hrefOf } from '../../router.ts';
import { Confirm } from '../../ui/dialog.tsx';
import { useSubmit } from '../../ui/form.tsx';
import { Card, Facts, PageHead } from '../../ui/parts.tsx';
import { Empty, Failed, Loading } from '../../ui/states.tsx';
import { useEvery } from '../../use-every.ts';
import { useLoad } from '../../use-load.ts';
import { NoQueue } from './no-queue.tsx';
import { Progress, State } from './progress.tsx';
import { Results } from './results.tsx';
import { type Batch, doneOf, isGoing } from './types.ts';

/** One batch: how far it is, what can be done with it, and its results. */
export function BatchPage({ batchId }: { readonly batchId: string }) {
  const path = `/batches/${encodeURIComponent(batchId)}`;
  const { value, error, isLoading, reload } = useLoad(path, (signal) => call<Batch>(path, { signal }));
  useEvery(value !== null && isGoing(value), reload);
  const title = value === null ? t('batches.batch') : value.name || t('batches.unnamed');
  return (
    <>
      <p class="back">
        <a href={hrefOf('/batches')}>{t('batches.all')}</a>
      </p>
      <PageHead title={title}>{value !== null && <Changes batch={value} onChanged={reload} />}</PageHead>
      {error?.code === 'batches_unavailable' && <NoQueue />}
      {error?.code === 'batch_unknown' && <Empty>{t('batches.unknown')}</Empty>}
      {error !== null && !/^batch(?:es_unavailable|_unknown)$/.test(error.code) && (
        <Failed error={error} retry={reload} />
      )}
      {value === null && isLoading && <Loading />}
      {value !== null && (
        <div class="column">
          <Standing batch={value} />
          <Results batch={value} path={path} />
        </div>
      )}
    </>
  );
}

function Changes({ batch, onChanged }: { readonly batch: Batch; readonly onChanged: () => void }) {
  const [isCancel, setCancel] = useState(false);
  const { isBusy, problem, run } = useSubmit();
  const change = async (to: string) => {
    await call(`/batches/${batch.batchId}/${to}`, { method: 'POST' });
    onChanged();
  };
  if (batch.state === 'done' || batch.state === 'cancelled') return null;
  const to = batch.state === 'paused' ? 'resume' : 'pause';
  return (
    <div class="page-actions">
      {problem !== '' && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      <button
        type="button"
        class="button"
        disabled={isBusy || batch.state === 'filling'}
        onClick={() => void run(() => change(to))}
      >
        {t(`batches.${to}`)}
      </button>
      <button type="button" class="button danger" onClick={() => setCancel(true)}>
        {t('batches.cancel')}
      </button>
      {isCancel && (
        <Confirm
          title={t('batches.cancelTitle')}
          effect={t('batches.cancelEffect', { n: number(batch.pictures - doneOf(batch)) })}
          action={t('batches.cancel')}
          isDanger
          onClose={() => setCancel(false)}
          onConfirm={async () => {
            await change('cancel');
            setCancel(false);
          }}
        />
      )}
    </div>
  );
}

function Standing({ batch }: { readonly batch: Batch }) {
  const { secondsLeft, secretId, webhook, webhookState } = batch;
  const time = (iso: string | null) => (iso === null ? t('batches.notYet') : moment(iso));
  return (
    <Card title={t('batches.progress')} more={<State state={batch.state} />}>
      <Progress batch={batch} />
      <dl class="tiles small-tiles">
        {(['judged', 'refused', 'failed'] as const).map((one) => (
          <div key={one} class="tile">
            <dt>{t(`batches.${one}`)}</dt>
            <dd>{number(batch[one])}</dd>
          </div>
        ))}
        <div class="tile">
          <dt>{t('batches.left')}</dt>
          <dd>{secondsLeft === null ? '–' : duration(secondsLeft)}</dd>
        </div>
      </dl>
      <Facts
        facts={[
          [t('batches.id'), <code>{batch.batchId}</code>],
          [t('batches.app'), <span class="mono">{batch.appid}</span>],
          [t('batches.by'), secretId === '' ? t('batches.cli') : secretId],
          [t('batches.priority'), number(batch.priority)],
          [t('batches.created'), moment(batch.createdAt)],
          [t('batches.begun'), time(batch.begunAt)],
          [t('batches.finished'), time(batch.finishedAt)],
          ...(webhook === null
            ? []
            : [
                [
                  t('batches.webhook'),
                  `${webhook} · ${webhookState === null ? t('batches.notYet') : named('batches.webhook', webhookState)}`,
                ] as const,
              ]),
        ]}
      />
    </Card>
  );
}
