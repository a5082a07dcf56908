import { sql, type Transaction } from 'kysely';
import { rowOfEntry } from '../../../jobs/entries.ts';
import type { ChunkEntry } from '../../../jobs/types.ts';
import type { ErasedResults } from '../../../ledger/types.ts';
import { isGroupSize } from '../../../liveness/stills/fuse.ts';
import { ROW_OF_BATCH } from '../../core/erase.ts';
import type { Tables } from '../../core/tables.ts';
import { DUE_AGAIN } from './exports.ts';
import { serverNow } from './queue.ts';

/**
 * Takes the results of erased decisions out of batches, and the pictures' names: a row that is judged again
 * has no picture any more. The decision on a group stands for its stills too, which have none of their own.
 */
export async function eraseResults(
  db: Transaction<Tables>,
  requestIds: readonly string[],
): Promise<readonly ErasedResults[]> {
  const touched = new Set<string>();
  for (const requestId of requestIds) {
    const [, batchId, text] = ROW_OF_BATCH.exec(requestId) ?? [];
    if (batchId === undefined) continue;
    touched.add(batchId);
    const last = Number(text);
    const first = last - (await stillsBefore(db, batchId, last));
    for (let row = first; row <= last; row++) await eraseRow(db, batchId, row);
  }
  const erased: ErasedResults[] = [];
  for (const batchId of [...touched].sort()) {
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

/** How many stills the verdict in a row was made of; 0: it is a picture's own. */
async function stillsBefore(db: Transaction<Tables>, batchId: string, row: number): Promise<number> {
  const chunk = await db
    .selectFrom('batch_chunk')
    .select(['first_row', 'pictures'])
    .where('batch_id', '=', batchId)
    .where('first_row', '<=', row)
    .where(sql<boolean>`first_row + picture_count > ${row}`)
    .executeTakeFirst();
  if (chunk === undefined) return 0;
  const entry = (JSON.parse(chunk.pictures) as ChunkEntry[])[row - chunk.first_row];
  if (entry === undefined) return 0;
  const { stills = 0 } = rowOfEntry(entry, row);
  return isGroupSize(stills) ? stills : 0;
}
