import { createWriteStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileWriter, parquetWriteRows } from 'hyparquet-writer';
import { RULES } from '../liveness/quality/rules.ts';
import { journalRows } from './journal.ts';
import type { BatchRow } from './types.ts';

/** A flat view of a row, for tables. */
interface TableColumn {
  readonly name: string;
  readonly type: 'STRING' | 'INT32' | 'DOUBLE';
  readonly value: (row: BatchRow) => string | number | null;
}

/** The columns of CSV and Parquet. */
export const TABLE_COLUMNS: readonly TableColumn[] = [
  { name: 'key', type: 'STRING', value: (r) => r.key },
  { name: 'picture', type: 'STRING', value: (r) => r.picture },
  { name: 'sha256', type: 'STRING', value: (r) => r.sha256 },
  { name: 'same_as', type: 'STRING', value: (r) => r.sameAs },
  { name: 'code', type: 'INT32', value: (r) => r.code },
  { name: 'failure', type: 'STRING', value: (r) => r.failure },
  { name: 'message', type: 'STRING', value: (r) => r.message },
  { name: 'verdict', type: 'STRING', value: (r) => r.verdict },
  { name: 'score', type: 'INT32', value: (r) => r.score },
  { name: 'live_probability', type: 'DOUBLE', value: (r) => r.liveProbability },
  { name: 'threshold', type: 'DOUBLE', value: (r) => r.threshold },
  { name: 'profile', type: 'STRING', value: (r) => r.profile },
  { name: 'face_count', type: 'INT32', value: (r) => r.faceCount },
  { name: 'width', type: 'INT32', value: (r) => r.width },
  { name: 'height', type: 'INT32', value: (r) => r.height },
  ...['left', 'top', 'right', 'bottom'].map(
    (side, i): TableColumn => ({
      name: `box_${side}`,
      type: 'DOUBLE',
      value: (r) => r.box?.[i] ?? null,
    }),
  ),
  { name: 'reasons', type: 'STRING', value: (r) => r.reasons.join(' ') },
  ...RULES.map(
    ({ name }): TableColumn => ({
      name: `quality_${name}`,
      type: 'DOUBLE',
      value: (r) => r.quality[name] ?? null,
    }),
  ),
];

/**
 * One field of CSV (RFC 4180). Text that a spreadsheet would take for a formula (it begins with `=`, `+`, `-`, `@`, tab) gets an
 * apostrophe in front: names of pictures come from strangers.
 */
export function csvField(value: string | number | null): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

async function* csvLines(journal: string): AsyncGenerator<string> {
  yield `${TABLE_COLUMNS.map((c) => c.name).join(',')}\n`;
  for await (const { row } of journalRows(journal)) {
    yield `${TABLE_COLUMNS.map((c) => csvField(c.value(row))).join(',')}\n`;
  }
}

async function* parquetRows(journal: string): AsyncGenerator<Record<string, string | number | null>> {
  for await (const { row } of journalRows(journal)) {
    yield Object.fromEntries(TABLE_COLUMNS.map((c) => [c.name, c.value(row)]));
  }
}

/** Rows that are in memory at once while Parquet is written. */
const ROW_GROUP = 10_000;

/** Writes the journal's rows as CSV or Parquet; the file appears under its name when it is whole. */
export async function exportRows(journal: string, format: 'csv' | 'parquet', path: string): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    if (format === 'csv') {
      await pipeline(Readable.from(csvLines(journal)), createWriteStream(temporary));
    } else {
      const columns = TABLE_COLUMNS.map(({ name, type }) => ({
        name,
        type,
        nullable: true,
        offsetIndex: false,
      }));
      const writer = fileWriter(temporary);
      await parquetWriteRows({
        writer,
        rows: parquetRows(journal),
        columns,
        rowGroupSize: ROW_GROUP,
        createdBy: 'livestill',
      });
    }
    const file = await open(temporary, 'r+');
    await file.sync();
    await file.close();
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
