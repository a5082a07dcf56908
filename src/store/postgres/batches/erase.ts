import { type Kysely, sql, type Transaction } from 'kysely';
import { keyOfMisfit, rowOfEntry, unitsOfRows } from '../../../jobs/entries.ts';
import type { ChunkEntry, ChunkRow } from '../../../jobs/types.ts';
import type { ErasedResults } from '../../../ledger/types.ts';
import { type BatchErasing, type BatchPlace, placeOfRow } from '../../core/erase.ts';
import type { Tables } from '../../core/tables.ts';
import { PICTURE_OF_RESULT } from '../steps/batch-pictures.ts';
import { DUE_AGAIN } from './exports.ts';
import { serverNow } from './queue.ts';

/**
 * Takes results out of batches, and the pictures' names: a row that is judged again has no picture any more.
 * The stills of a group and the verdict on them go together.
 */
export const BATCH_ERASING: BatchErasing = { find: findRows, erase: eraseResults };

async function findRows(
  db: Kysely<Tables>,
  target: Parameters<BatchErasing['find']>[1],
  requestIds: readonly string[],
): Promise<readonly BatchPlace[]> {
  const decided = new Set(requestIds);
  const named = requestIds.flatMap(placeOfRow);
  if ('requestId' in target && !decided.has(target.requestId))
    named.push(...(await knownRow(db, target.requestId)));
  if ('pictureSha256' in target) named.push(...(await rowsOfPicture(db, target.pictureSha256)));
  const found = new Map<string, BatchPlace>();
  const add = (batchId: string, row: number) => found.set(`${batchId} ${row}`, { batchId, row });
  for (const { batchId, row } of named) {
    if (found.has(`${batchId} ${row}`)) continue;
    const unit = await unitAt(db, batchId, row);
    // A batch that is not known any more: its results may be somewhere.
    if (unit.length === 0) add(batchId, row);
    for (const one of unit) add(batchId, one.row);
    const misfit = await misfitOf(db, batchId, unit);
    if (misfit !== null) add(batchId, misfit);
  }
  return [...found.values()];
}

/** A row without a decision in the ledger; none where nothing is left of it. */
async function knownRow(db: Kysely<Tables>, requestId: string): Promise<readonly BatchPlace[]> {
  const [place] = placeOfRow(requestId);
  if (place === undefined) return [];
  const { batchId, row } = place;
  const result = await db
    .selectFrom('batch_result')
    .select('row_number')
    .where('batch_id', '=', batchId)
    .where('row_number', '=', row)
    .executeTakeFirst();
  const isNamed = (await unitAt(db, batchId, row)).some((one) => !isErased(one));
  return result !== undefined || isNamed ? [place] : [];
}

/** Rows whose own picture it is. Each still of a group has such a row. */
async function rowsOfPicture(db: Kysely<Tables>, sha256: string): Promise<BatchPlace[]> {
  const rows = await db
    .selectFrom('batch_result')
    .select(['batch_id', 'row_number'])
    .where(sql<boolean>`${PICTURE_OF_RESULT} = ${sha256}`)
    .orderBy('batch_id')
    .orderBy('row_number')
    .execute();
  return rows.map(({ batch_id: batchId, row_number: row }) => ({ batchId, row }));
}

/** What is judged in one go with a row: its whole group, or the row itself; none where it is not known. */
async function unitAt(db: Kysely<Tables>, batchId: string, row: number): Promise<readonly ChunkRow[]> {
  const chunk = await db
    .selectFrom('batch_chunk')
    .select(['first_row', 'pictures'])
    .where('batch_id', '=', batchId)
    .where('first_row', '<=', row)
    .where(sql<boolean>`first_row + picture_count > ${row}`)
    .executeTakeFirst();
  const rows = chunk === undefined ? [] : rowsIn(chunk);
  return unitsOfRows(rows).find((unit) => unit.some((one) => one.row === row)) ?? [];
}

/**
 * The row of a group of wrong size whose key names this picture, its first one. It stands behind the pictures
 * of the group, maybe in another chunk; null: there is none.
 */
async function misfitOf(
  db: Kysely<Tables>,
  batchId: string,
  [first, ...more]: readonly ChunkRow[],
): Promise<number | null> {
  if (first?.group === undefined || more.length > 0 || first.stills !== undefined) return null;
  for (let after = first.row; ; ) {
    const chunk = await db
      .selectFrom('batch_chunk')
      .select(['first_row', 'pictures', 'picture_count'])
      .where('batch_id', '=', batchId)
      .where(sql<boolean>`first_row + picture_count > ${after + 1}`)
      .orderBy('first_row')
      .executeTakeFirst();
    if (chunk === undefined) return null;
    for (const one of rowsIn(chunk)) {
      if (one.row <= after || isErased(one)) continue;
      if (one.key === keyOfMisfit(first)) return one.row;
      if (one.group !== first.group) return null;
    }
    after = chunk.first_row + chunk.picture_count - 1;
  }
}

const isErased = ({ picture, stills }: ChunkRow): boolean => picture === '' && stills === undefined;

function rowsIn({
  first_row,
  pictures,
}: {
  readonly first_row: number;
  readonly pictures: string;
}): ChunkRow[] {
  return (JSON.parse(pictures) as ChunkEntry[]).map((entry, at) => rowOfEntry(entry, first_row + at));
}

async function eraseResults(
  db: Transaction<Tables>,
  places: readonly BatchPlace[],
): Promise<readonly ErasedResults[]> {
  for (const { batchId, row } of places) await eraseRow(db, batchId, row);
  const erased: ErasedResults[] = [];
  for (const batchId of [...new Set(places.map((one) => one.batchId))].sort()) {
    const to = await writeAgain(db, batchId);
    if (to !== undefined) erased.push({ batchId, to });
  }
  return erased;
}

/**
 * Has the results of a batch written again where they were written. Where to; null: the batch is not known
 * any more; undefined: nothing was written.
 */
async function writeAgain(db: Transaction<Tables>, batchId: string): Promise<string | null | undefined> {
  const batch = await db
    .updateTable('batch')
    .set({ results_round: sql`results_round + 1`, results_failure: null })
    .where('batch_id', '=', batchId)
    .returning(['state', 'results_to', 'results_state'])
    .executeTakeFirst();
  if (batch === undefined) return null;
  const { state, results_to: to, results_state: before } = batch;
  if (state !== 'done' || to === null) return undefined;
  // Who writes them at this moment has them until it is done; a try that is put off is made now.
  const isHeld = before === 'waiting' ? sql<boolean>`results_at > ${serverNow} + 60000` : sql<boolean>`true`;
  await db.updateTable('batch').set(DUE_AGAIN).where('batch_id', '=', batchId).where(isHeld).execute();
  return to;
}

async function eraseRow(db: Transaction<Tables>, batchId: string, row: number): Promise<void> {
  const { numDeletedRows } = await db
    .deleteFrom('batch_result')
    .where('batch_id', '=', batchId)
    .where('row_number', '=', row)
    .executeTakeFirstOrThrow();
  await sql`update batch_chunk set done = done - (state <> 'done')::integer * ${Number(numDeletedRows)}::integer,
      pictures = jsonb_set(pictures::jsonb, array[(${row}::bigint - first_row)::text], '""')::text
    where batch_id = ${batchId} and first_row <= ${row} and first_row + picture_count > ${row}`.execute(db);
}
