import { useState } from 'preact/hooks';
import { call } from '../api.ts';
import { duration, moment, t } from '../i18n/index.ts';
import { go, hrefOf, place } from '../router.ts';
import { Field, PageHead } from '../ui/parts.tsx';
import { Listed, Rows } from '../ui/table.tsx';
import { useEvery } from '../use-every.ts';
import { useLoad } from '../use-load.ts';
import { usePages } from '../use-pages.ts';
import { BatchPage } from './batches/batch.tsx';
import { NoQueue } from './batches/no-queue.tsx';
import { Progress, State } from './batches/progress.tsx';
import { SubmitDialog } from './batches/submit.tsx';
import { type Batch, isGoing, type Takes } from './batches/types.ts';
import './tools.css';

/** The list, or one batch where the address names one. */
export function BatchesPage() {
  const { path, query } = place.value;
  const id = path.startsWith('/batches/') ? decodeURIComponent(path.slice('/batches/'.length)) : '';
  return id === '' ? <List app={query.get('app') ?? ''} /> : <BatchPage key={id} batchId={id} />;
}

function List({ app }: { readonly app: string }) {
  const [isNew, setNew] = useState(false);
  const filter = app === '' ? '' : `&app=${encodeURIComponent(app)}`;
  const pages = usePages<Batch>(`/batches?limit=50${filter}`);
  const { value: takes } = useLoad('takes', (signal) =>
    call<{ readonly takes: Takes }>('/batches?limit=1', { signal }),
  );
  useEvery(pages.rows.length <= 50 && pages.rows.some(isGoing), pages.reload);
  const isMissing = pages.error?.code === 'batches_unavailable';
  return (
    <>
      <PageHead title={t('batches.title')} lead={t('batches.lead')}>
        {!isMissing && (
          <button type="button" class="button main" onClick={() => setNew(true)}>
            {t('batches.new')}
          </button>
        )}
      </PageHead>
      {isMissing ? (
        <NoQueue />
      ) : (
        <>
          <div class="toolbar">
            <Field
              label={t('batches.filter')}
              placeholder={t('batches.allApps')}
              value={app}
              maxLength={15}
              onChange={({ currentTarget: { value } }) =>
                go(
                  value.trim() === '' ? '/batches' : `/batches?app=${encodeURIComponent(value.trim())}`,
                  true,
                )
              }
            />
          </div>
          <Listed pages={pages} empty={t(app === '' ? 'batches.empty' : 'batches.emptyApp')}>
            {(rows) => <Table rows={rows} />}
          </Listed>
        </>
      )}
      {isNew && <SubmitDialog takes={takes?.takes ?? null} onClose={() => setNew(false)} />}
    </>
  );
}

function Table({ rows }: { readonly rows: readonly Batch[] }) {
  return (
    <Rows
      label={t('batches.title')}
      rows={rows}
      idOf={({ batchId }) => batchId}
      columns={[
        {
          name: t('batches.name'),
          cell: ({ batchId, name }) => (
            <a href={hrefOf(`/batches/${batchId}`)} class="batch-name">
              {name === '' ? `${t('batches.unnamed')} ${batchId.slice(0, 8)}` : name}
            </a>
          ),
        },
        { name: t('batches.app'), cell: ({ appid }) => <span class="mono">{appid}</span> },
        { name: t('batches.state'), cell: ({ state }) => <State state={state} /> },
        { name: t('batches.progress'), cell: (batch) => <Progress batch={batch} /> },
        {
          name: t('batches.left'),
          cell: ({ secondsLeft }) => (
            <span class="nowrap">{secondsLeft === null ? '–' : duration(secondsLeft)}</span>
          ),
        },
        {
          name: t('batches.created'),
          cell: ({ createdAt }) => <span class="nowrap">{moment(createdAt)}</span>,
        },
      ]}
    />
  );
}
