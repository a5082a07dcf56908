import { sql } from 'kysely';
import type { BatchStore } from '../../../jobs/types.ts';
import type { StoreDatabase } from '../../core/database.ts';
import type { BatchTable } from '../../core/tables.ts';
import { serverNow } from './queue.ts';
import { statusOf } from './status.ts';

/** The calls that are due when a batch is over. */
export function webhookCalls(database: StoreDatabase): Pick<BatchStore, 'takeWebhook' | 'finishWebhook'> {
  return {
    takeWebhook: (forMs) =>
      database.write('state_unavailable', async (db) => {
        const { rows } = await sql<BatchTable>`
          update batch set webhook_at = ${serverNow} + ${forMs}::bigint, webhook_tries = webhook_tries + 1
          where batch_id = (select batch_id from batch where webhook_at <= ${serverNow}
            and not (state = 'done' and results_state is not distinct from 'waiting')
            order by webhook_at limit 1 for update skip locked) returning *`.execute(db);
        const [row] = rows;
        if (row === undefined) return null;
        const { webhook_tries: tries, traceparent } = row;
        return { status: statusOf(row), tries, traceparent };
      }),
    finishWebhook: (batchId, ended) =>
      database.write('state_unavailable', async (db) => {
        await db
          .updateTable('batch')
          .set(
            typeof ended === 'number'
              ? { webhook_at: sql`${serverNow} + ${ended}::bigint` }
              : { webhook_at: null, webhook_state: ended },
          )
          .where('batch_id', '=', batchId)
          .execute();
      }),
  };
}
