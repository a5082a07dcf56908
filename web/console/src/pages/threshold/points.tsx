import { useId, useState } from 'preact/hooks';
import { call } from '../../api.ts';
import { moment, named, number, t } from '../../i18n/index.ts';
import { Confirm } from '../../ui/dialog.tsx';
import { jsonIn } from '../../ui/files.ts';
import { useSubmit } from '../../ui/form.tsx';
import { Card } from '../../ui/parts.tsx';
import { say } from '../../ui/say.ts';
import { Empty, Failed, Loading } from '../../ui/states.tsx';
import { Rows } from '../../ui/table.tsx';
import { useLoad } from '../../use-load.ts';
import type { OperatingPoint, OperatingPoints } from './types.ts';

/** What the service takes at most. */
const LIMIT = 4 * 1024 * 1024;

/** What thresholds were measured to do: the installation's own points first, then the others. */
export function PointsCard({ onTry }: { readonly onTry: (threshold: number) => void }) {
  const points = useLoad('points', (signal) => call<OperatingPoints>('/operating-points', { signal }));
  const { value, error, reload } = points;
  return (
    <Card title={t('threshold.points')} class="whole">
      <p class="dim">{t('threshold.pointsLead')}</p>
      {value === null && error !== null && <Failed error={error} retry={reload} />}
      {value === null && error === null && <Loading />}
      {value !== null && (
        <>
          {value.tables.length === 0 && <Empty>{t('threshold.noPoints')}</Empty>}
          {value.tables.map((table, index) => (
            <PointsTable
              key={`${index} ${table.profile}`}
              title={t(
                index === 0 && value.uploaded !== null ? 'threshold.pointsOwn' : 'threshold.pointsPublished',
                { profile: named('policy.profile', table.profile) },
              )}
              data={table.data}
              points={table.points}
              onTry={onTry}
            />
          ))}
          <Own uploaded={value.uploaded} onChange={reload} />
        </>
      )}
    </Card>
  );
}

function PointsTable(props: {
  readonly title: string;
  /** What the pictures were; its texts in the language of whoever measured. */
  readonly data: OperatingPoints['tables'][number]['data'];
  readonly points: readonly OperatingPoint[];
  readonly onTry: (threshold: number) => void;
}) {
  const { title, data, points, onTry } = props;
  const known = points.filter(({ name }) => name !== null);
  const first = known.length === 0 ? points : known;
  const rows = (shown: readonly OperatingPoint[], label: string) => (
    <Rows
      label={label}
      rows={shown}
      idOf={({ threshold, qualityGate }) => `${threshold} ${qualityGate}`}
      columns={[
        {
          name: t('threshold.name'),
          cell: ({ name }) => (name === null ? '–' : named('policy.point', name)),
        },
        { name: t('threshold.threshold'), isNumeric: true, cell: ({ threshold }) => number(threshold, 2) },
        { name: t('threshold.apcer'), isNumeric: true, cell: ({ apcer }) => rate(apcer) },
        { name: t('threshold.bpcer'), isNumeric: true, cell: ({ bpcer }) => rate(bpcer) },
        {
          name: t('threshold.gate'),
          cell: ({ qualityGate }) => t(qualityGate ? 'threshold.gateOut' : 'threshold.gateIn'),
        },
        {
          name: t('threshold.try'),
          isUnseen: true,
          cell: ({ threshold }) => (
            <button
              type="button"
              class="button small"
              aria-label={t('threshold.tryNamed', { threshold: number(threshold, 2) })}
              onClick={() => onTry(threshold)}
            >
              {t('threshold.try')}
            </button>
          ),
        },
      ]}
    />
  );
  return (
    <section class="points-table" aria-label={title}>
      <h3>{title}</h3>
      <p class="dim small">
        {t('threshold.pictures', { pictures: number(data.pictures), sources: number(data.sources) })}{' '}
        <bdi lang="">
          {data.description} {data.held}
        </bdi>
      </p>
      {rows(first, title)}
      {first.length < points.length && (
        <details>
          <summary>{t('threshold.allPoints', { n: number(points.length) })}</summary>
          {rows(points, `${title}: ${t('threshold.allPoints', { n: number(points.length) })}`)}
        </details>
      )}
    </section>
  );
}

function rate({ rate: share, interval }: OperatingPoint['apcer']): string {
  const per = (one: number) => number(100 * one, 2);
  return interval === null
    ? `${per(share)} %`
    : `${per(share)} % (${per(interval.low)}–${per(interval.high)})`;
}

/** Uploading and removing the installation's own points. */
function Own(props: { readonly uploaded: OperatingPoints['uploaded']; readonly onChange: () => void }) {
  const { uploaded, onChange } = props;
  const id = useId();
  const [isAsking, setAsking] = useState(false);
  const { problem, isBusy, run } = useSubmit();
  const upload = (input: HTMLInputElement) => {
    const file = input.files?.[0];
    if (file === undefined) return;
    void run(async () => {
      const { name } = file;
      const words = {
        tooLarge: t('threshold.tooLarge', { name }),
        notJson: t('threshold.notJson', { name }),
      };
      const json = await jsonIn(file, LIMIT, words);
      await call('/operating-points', { method: 'PUT', json });
      say(t('threshold.uploadDone'));
      onChange();
    }).finally(() => {
      // The same file can be chosen again once it is mended.
      input.value = '';
    });
  };
  return (
    <div class="own-points">
      {uploaded !== null && (
        <p class="dim">{t('threshold.uploaded', { by: uploaded.by, time: moment(uploaded.at) })}</p>
      )}
      <div class="file-field">
        <input
          id={id}
          type="file"
          accept=".json,application/json"
          disabled={isBusy}
          aria-describedby={`${id}-hint`}
          onChange={({ currentTarget }) => upload(currentTarget)}
        />
        <label for={id} class="button">
          {t('threshold.upload')}
        </label>
        {uploaded !== null && (
          <button type="button" class="button" onClick={() => setAsking(true)}>
            {t('threshold.remove')}
          </button>
        )}
      </div>
      <p id={`${id}-hint`} class="hint">
        {t('threshold.uploadHint')}
      </p>
      <p class="problem" role="alert">
        {problem}
      </p>
      {isAsking && uploaded !== null && (
        <Confirm
          title={t('threshold.removeTitle')}
          effect={<p>{t('threshold.removeEffect', { by: uploaded.by })}</p>}
          action={t('threshold.remove')}
          isDanger
          onConfirm={async () => {
            await call('/operating-points', { method: 'DELETE' });
            setAsking(false);
            say(t('threshold.removed'));
            onChange();
          }}
          onClose={() => setAsking(false)}
        />
      )}
    </div>
  );
}
