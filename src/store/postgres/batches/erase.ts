import { sql, type Transaction } from 'kysely';
import { rowOfEntry } from '../../../jobs/entries.ts';
import type { ChunkEntry } from '../../../jobs/types.ts';
import { isGroupSize } from '../../../liveness/stills/fuse.ts';
import type { Tables } from '../../core/tables.ts';

/** As the ledger names rows of batches: `batch-ID-ROW`. */
const REQUEST_ID = /^batch-([0-9a-f-]{36})-(\d{1,15})$/;

/**
 * Takes the results of erased decisions out of batches, and the pictures' names: a row that is judged again
 * has no picture any more. The decision on a group stands for its stills too, which have none of their own.
 */
export async function eraseResults(db: Transaction<Tables>, requestIds: readonly string[]): Promise<void> {
  for (const requestId of requestIds) {
    const [, batchId, text] = REQUEST_ID.exec(requestId) ?? [];
    if (batchId === undefined) continue;
    const last = Number(text);
    const first = last - (await stillsBefore(db, batchId, last));
    for (let row = first; row <= last; row++) await eraseRow(db, batchId, row);
  }
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
