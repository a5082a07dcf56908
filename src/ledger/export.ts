import type { LedgerRow, StoredLedgerRow } from './types.ts';

/** How a ledger is written out. */
export type ExportFormat = 'ndjson' | 'csv';

type Cell = string | number | null;

/** The columns in their order: the name in the export, and the value of a row. */
const columns: readonly (readonly [name: string, value: (row: StoredLedgerRow) => Cell])[] = [
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

function csvLine(cells: readonly Cell[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`;
}

/**
 * A cell of CSV. A text that a spreadsheet would take for a formula gets an apostrophe in front: it may come from a caller
 * (OWASP, "CSV Injection"). Numbers stay numbers, negative ones too.
 */
export function csvCell(value: Cell): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n']/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Write out rows line by line, as they come; CSV begins with the names of the columns. Memory does not grow with the rows. */
export async function* exportLines(
  rows: AsyncIterable<StoredLedgerRow>,
  format: ExportFormat,
): AsyncGenerator<string, void, void> {
  if (format === 'csv') yield csvLine(columns.map(([name]) => name));
  for await (const row of rows) yield format === 'csv' ? toCsvLine(row) : toJsonLine(row);
}
