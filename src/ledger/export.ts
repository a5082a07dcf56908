import { type CsvCell, csvLine } from '../report/csv.ts';
import type { LedgerRow, StoredLedgerRow } from './types.ts';

/** How a ledger is written out. */
export type ExportFormat = 'ndjson' | 'csv';

/** The columns in their order: the name in the export, and the value of a row. */
const columns: readonly (readonly [name: string, value: (row: StoredLedgerRow) => CsvCell])[] = [
  ['id', (row) => row.id],
  ['at', (row) => row.at.toISOString()],
  ['requestId', (row) => row.requestId],
  ['appid', (row) => row.appid],
  ['secretId', (row) => row.secretId],
  ['source', (row) => row.source],
  ['pictureBytes', (row) => row.pictureBytes],
  ['pictureSha256', (row) => row.pictureSha256],
  ['code', (row) => row.code],
  ['verdict', (row) => row.verdict],
  ['score', (row) => row.score],
  ['rawScore', (row) => row.rawScore],
  ['reasons', (row) => row.reasons.join(' ')],
  [
    'models',
    (row) =>
      Object.entries(row.models)
        .map(([name, hash]) => `${name}=${hash}`)
        .join(' '),
  ],
  ['milliseconds', (row) => row.milliseconds],
  ['callerAddress', (row) => row.callerAddress],
  ['review', (row) => (row.explanation?.review == null ? null : String(row.explanation.review))],
];

/** One row as a line of JSON; `reasons` and `models` keep their structure. */
export function toJsonLine(row: StoredLedgerRow): string {
  const { id, at, ...rest } = row;
  return `${JSON.stringify({ id, at: at.toISOString(), ...(rest satisfies Omit<LedgerRow, 'at'>) })}\n`;
}

/** One row as a line of CSV (RFC 4180). */
export function toCsvLine(row: StoredLedgerRow): string {
  return csvLine(columns.map(([, value]) => value(row)));
}

/**
 * Write out rows line by line, as they come; CSV begins with the names of the columns. Memory does not grow
 * with the rows.
 */
export async function* exportLines(
  rows: AsyncIterable<StoredLedgerRow>,
  format: ExportFormat,
): AsyncGenerator<string, void, void> {
  if (format === 'csv') yield csvLine(columns.map(([name]) => name));
  for await (const row of rows) yield format === 'csv' ? toCsvLine(row) : toJsonLine(row);
}
