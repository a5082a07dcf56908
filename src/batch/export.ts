import { createWriteStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileWriter, parquetWriteRows } from 'hyparquet-writer';
import { renameNew } from '../files/write.ts';
import { RULES } from '../liveness/quality/rules.ts';
import { csvLine } from '../report/csv.ts';
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
  { name: 'review', type: 'INT32', value: (r) => (r.review === null ? null : Number(r.review)) },
  { name: 'raw_score', type: 'INT32', value: (r) => r.rawScore },
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
  { name: 'group', type: 'STRING', value: (r) => r.group ?? null },
  { name: 'stills', type: 'INT32', value: (r) => r.together?.stills.length ?? null },
];

async function* csvLines(journal: string): AsyncGenerator<string> {
  yield csvLine(
    TABLE_COLUMNS.map((c) => c.name),
    '\n',
  );
  for await (const { row } of journalRows(journal)) {
    yield csvLine(
      TABLE_COLUMNS.map((c) => c.value(row)),
      '\n',
    );
  }
}

async function* parquetRows(journal: string): AsyncGenerator<Record<string, string | number | null>> {
  for await (const { row } of journalRows(journal)) {
    yield Object.fromEntries(TABLE_COLUMNS.map((c) => [c.name, c.value(row)]));
  }
}

/** Rows that are in memory at once while Parquet is written. */
const ROW_GROUP = 10_000;

/**
 * Writes the journal's rows as CSV or Parquet; the file appears under its name when it is whole.
 * @param replace a file that is there; else it is left alone
 * @returns false where the name is taken and must not be replaced
 */
export async function exportRows(
  journal: string,
  format: 'csv' | 'parquet',
  path: string,
  replace = false,
): Promise<boolean> {
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
    if (!replace) return await renameNew(temporary, path);
    await rename(temporary, path);
    return true;
  } finally {
    await rm(temporary, { force: true });
  }
}
