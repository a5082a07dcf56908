import { sql, type Transaction } from 'kysely';
import type { Tables } from '../../core/tables.ts';

/** As the ledger names rows of batches: `batch-ID-ROW`. */
const REQUEST_ID = /^batch-([0-9a-f-]{36})-(\d{1,15})$/;

/**
 * Takes the results of erased decisions out of batches, and the pictures' names: a row that is judged again
 * has no picture any more.
 */
export async function eraseResults(db: Transaction<Tables>, requestIds: readonly string[]): Promise<void> {
  for (const requestId of requestIds) {
    const [, batchId, text] = REQUEST_ID.exec(requestId) ?? [];
    if (batchId === undefined) continue;
    const row = Number(text);
    await db
      .deleteFrom('batch_result')
      .where('batch_id', '=', batchId)
      .where('row_number', '=', row)
      .execute();
    await sql`update batch_chunk set done = done - (state <> 'done')::integer,
        pictures = jsonb_set(pictures::jsonb, array[(${row}::bigint - first_row)::text], '""')::text
      where batch_id = ${batchId} and first_row <= ${row} and first_row + picture_count > ${row}`.execute(db);
  }
}
