import { number, t } from '../../i18n/index.ts';
import { Card, Verdict } from '../../ui/parts.tsx';
import { Listed, Rows } from '../../ui/table.tsx';
import { usePages } from '../../use-pages.ts';
import { type Batch, doneOf, type Result } from './types.ts';

const FORMATS = ['csv', 'ndjson', 'parquet'] as const;

/** The results that are there so far, and all of them as a file. */
export function Results({ batch, path }: { readonly batch: Batch; readonly path: string }) {
  const hasSome = doneOf(batch) > 0;
  return (
    <Card
      title={t('batches.results')}
      more={
        hasSome && (
          <span class="downloads">
            <span class="dim small">{t('batches.fetch')}</span>
            {FORMATS.map((format) => (
              <a key={format} class="button small" download href={`/admin/v1${path}/results/${format}`}>
                {format === 'ndjson' ? 'JSON' : format === 'csv' ? 'CSV' : 'Parquet'}
              </a>
            ))}
          </span>
        )
      }
    >
      {hasSome ? <Found key={batch.state} path={path} /> : <p class="dim">{t('batches.noResults')}</p>}
    </Card>
  );
}

function Found({ path }: { readonly path: string }) {
  const pages = usePages<Result>(`${path}/results?limit=50`);
  return (
    <Listed pages={pages} empty={t('batches.noResults')}>
      {(rows) => (
        <Rows
          label={t('batches.results')}
          rows={rows}
          idOf={({ row }) => String(row)}
          columns={[
            { name: t('batches.row'), cell: ({ row }) => <span class="mono">{number(row)}</span> },
            { name: t('batches.picture'), cell: ({ picture }) => <span class="hash">{picture}</span> },
            {
              name: t('batches.verdict'),
              cell: ({ verdict, review }) => <Verdict verdict={verdict} review={review ?? false} />,
            },
            {
              name: t('batches.score'),
              isNumeric: true,
              cell: ({ score }) => <span class="mono">{score ?? '–'}</span>,
            },
            { name: t('batches.why'), cell: (one) => <Why result={one} /> },
          ]}
        />
      )}
    </Listed>
  );
}

function Why({ result: { reasons = [], message } }: { readonly result: Result }) {
  if (reasons.length === 0)
    return <span class="dim">{message == null || message === 'OK' ? '–' : message}</span>;
  return (
    <span class="reason-codes">
      {reasons.map((code) => (
        <code key={code}>{code}</code>
      ))}
    </span>
  );
}
