import { type Kysely, sql, type Transaction } from 'kysely';
import type { BatchStore } from '../../../jobs/types.ts';
import type { StoreDatabase } from '../../core/database.ts';
import { getMeta, putMeta } from '../../core/meta.ts';
import type { Tables } from '../../core/tables.ts';

/** Results that go in one transaction, which must end within the time for a statement. */
const RESULTS_AT_ONCE = 5000;
/** As `RESULTS_AT_ONCE`, of chunks. */
const CHUNKS_AT_ONCE = 200;

/** Letting go of batches that are over. */
export function purgeCalls(database: StoreDatabase): Pick<BatchStore, 'purge'> {
  return {
    purge: (before) => database.write('state_unavailable', (db) => purgeSome(db, before.getTime()), 'sweep'),
  };
}

async function purgeSome(db: Transaction<Tables>, before: number): Promise<number> {
  const over = await db
    .selectFrom('batch')
    .select(['batch_id', 'state'])
    .where((eb) =>
      eb.or([
        eb.and([eb('state', 'in', ['done', 'cancelled']), eb('finished_at', '<', before)]),
        // Its list was never read to the end: whoever submitted it is gone.
        eb.and([eb('state', '=', 'filling'), eb('changed_at', '<', before)]),
      ]),
    )
    .orderBy('created_at')
    .limit(1)
    .forUpdate()
    .skipLocked()
    .executeTakeFirst();
  if (over === undefined) return 0;
  const { batch_id: batchId } = over;
  const results = await sql`delete from batch_result where ctid = any (array
    (select ctid from batch_result where batch_id = ${batchId} limit ${RESULTS_AT_ONCE}))`.execute(db);
  const gone = Number(results.numAffectedRows ?? 0);
  if (gone === RESULTS_AT_ONCE) return gone;
  const chunks = await sql`delete from batch_chunk where ctid = any (array
    (select ctid from batch_chunk where batch_id = ${batchId} limit ${CHUNKS_AT_ONCE}))`.execute(db);
  const goneChunks = Number(chunks.numAffectedRows ?? 0);
  if (goneChunks < CHUNKS_AT_ONCE) await dropBatch(db, batchId);
  return gone + goneChunks + 1;
}

/** Under this key in `meta` stand the rows of batches that are gone, by what came of them. */
const GONE_KEY = 'batch_rows_gone';

/** Rows of batches by what came of them. */
export interface RowTotals {
  readonly judged: number;
  readonly refused: number;
  readonly failed: number;
}

/** The rows of batches that are gone: what is counted does not become less. */
export async function rowsGone(db: Kysely<Tables>): Promise<RowTotals> {
  const text = await getMeta(db, GONE_KEY);
  return text === undefined ? { judged: 0, refused: 0, failed: 0 } : (JSON.parse(text) as RowTotals);
}

async function dropBatch(db: Transaction<Tables>, batchId: string): Promise<void> {
  const dropped = await db
    .deleteFrom('batch')
    .where('batch_id', '=', batchId)
    .returning(['judged', 'refused', 'failed'])
    .executeTakeFirst();
  if (dropped === undefined) return;
  const before = await rowsGone(db);
  const total = {
    judged: before.judged + dropped.judged,
    refused: before.refused + dropped.refused,
    failed: before.failed + dropped.failed,
  };
  await putMeta(db, GONE_KEY, JSON.stringify(total));
}
