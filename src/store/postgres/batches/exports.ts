import { sql } from 'kysely';
import type { BatchStore } from '../../../jobs/types.ts';
import type { StoreDatabase } from '../../core/database.ts';
import type { BatchTable } from '../../core/tables.ts';
import { serverNow } from './queue.ts';
import { statusOf } from './status.ts';

/** Results that are to be written, from the first try on. */
export const DUE_AGAIN = { results_state: 'waiting', results_at: 0, results_tries: 0 } as const;

/** Results of finished batches that are written to storage. */
export function exportCalls(
  database: StoreDatabase,
): Pick<BatchStore, 'takeExport' | 'holdExport' | 'finishExport'> {
  return {
    takeExport: (forMs, batchId) =>
      database.write('state_unavailable', async (db) => {
        const { rows } = await sql<BatchTable>`
          update batch set results_at = ${serverNow} + ${forMs}::bigint, results_tries = results_tries + 1
          where batch_id = (select batch_id from batch where results_state = 'waiting' and state = 'done'
            and results_at <= ${serverNow} and ${batchId === undefined ? sql`true` : sql`batch_id = ${batchId}`}
            order by results_at limit 1 for update skip locked) returning *`.execute(db);
        const [row] = rows;
        return row === undefined
          ? null
          : { status: statusOf(row), tries: row.results_tries, round: row.results_round };
      }),
    holdExport: (batchId, forMs) =>
      database.write('state_unavailable', async (db) => {
        await db
          .updateTable('batch')
          .set({ results_at: sql`${serverNow} + ${forMs}::bigint` })
          .where('batch_id', '=', batchId)
          .where('results_state', '=', 'waiting')
          .execute();
      }),
    finishExport: ({ status: { batchId }, round }, ended, why) =>
      database.write('state_unavailable', async (db) => {
        await db
          .updateTable('batch')
          .set({
            results_failure: why,
            ...(typeof ended === 'number'
              ? { results_at: sql<number>`${serverNow} + ${ended}::bigint` }
              : { results_at: null, results_state: ended }),
          })
          .where('batch_id', '=', batchId)
          .where('results_round', '=', round)
          .where('results_state', '=', 'waiting')
          .execute();
        // What was written may hold what was erased meanwhile, and may have replaced what was written since.
        await db
          .updateTable('batch')
          .set(DUE_AGAIN)
          .where('batch_id', '=', batchId)
          .where('results_round', '<>', round)
          .where('state', '=', 'done')
          .execute();
      }),
  };
}
