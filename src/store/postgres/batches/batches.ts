import { randomUUID } from 'node:crypto';
import { type Kysely, sql, type Transaction } from 'kysely';
import type { BatchState, BatchStore, NewBatch } from '../../../jobs/types.ts';
import type { StoreDatabase } from '../../core/database.ts';
import type { OwnChain } from '../../core/ledger.ts';
import type { BatchTable, Tables } from '../../core/tables.ts';
import { chunkCalls } from './chunks.ts';
import { exportCalls } from './exports.ts';
import { purgeCalls, rowsGone } from './purge.ts';
import { ChunkQueue, serverNow } from './queue.ts';
import { reclaimCalls } from './reclaim.ts';
import { statusOf } from './status.ts';
import { firstTurn, urgencyOf } from './turns.ts';
import { webhookCalls } from './webhooks.ts';

const UNAVAILABLE = 'state_unavailable';

/** Batches in a PostgreSQL database. */
export function createBatches(database: StoreDatabase, chain: OwnChain): BatchStore {
  const queue = new ChunkQueue();
  return {
    ...orderCalls(database, queue),
    ...readCalls(database),
    ...chunkCalls(database, queue, chain),
    ...reclaimCalls(database, queue),
    ...webhookCalls(database),
    ...exportCalls(database),
    ...purgeCalls(database),
  };
}

function orderCalls(
  database: StoreDatabase,
  queue: ChunkQueue,
): Pick<BatchStore, 'begin' | 'fill' | 'start' | 'change'> {
  return {
    begin: (order) => database.write(UNAVAILABLE, (db) => begin(db, order)),
    fill: (batchId, chunks) =>
      database.write(UNAVAILABLE, async (db) => {
        await db
          .insertInto('batch_chunk')
          .values(
            chunks.map(({ chunk, firstRow, pictures }) => ({
              batch_id: batchId,
              chunk,
              state: 'waiting',
              first_row: firstRow,
              pictures: JSON.stringify(pictures),
              picture_count: pictures.length,
              done: 0,
              turn: 0,
              job_id: null,
              lease: null,
              lease_until: null,
              worker: null,
              crashes: 0,
              changed_at: serverNow,
            })),
          )
          .execute();
        const added = chunks.reduce((sum, { pictures }) => sum + pictures.length, 0);
        await db
          .updateTable('batch')
          .set({ picture_count: sql`picture_count + ${added}`, changed_at: serverNow })
          .where('batch_id', '=', batchId)
          .execute();
      }),
    start: (batchId) =>
      database.write(UNAVAILABLE, async (db) => {
        const batch = await locked(db, batchId);
        if (batch?.state !== 'filling') return;
        const turn = await firstTurn(db, batch.appid);
        await db
          .updateTable('batch_chunk')
          .set({ turn: sql`${turn}::bigint + chunk` })
          .where('batch_id', '=', batchId)
          .execute();
        await setState(db, batchId, 'running');
        await queueWaiting(db, queue, batch);
      }),
    change: (batchId, to) =>
      database.write(UNAVAILABLE, async (db) => {
        const batch = await locked(db, batchId);
        if (batch === null || !['running', 'paused', 'filling'].includes(batch.state)) return false;
        if (to !== 'cancel' && batch.state === 'filling') return false;
        if (to === 'resume') {
          if (batch.state === 'running') return true;
          await setState(db, batchId, 'running');
          await queueWaiting(db, queue, batch);
          return true;
        }
        await unqueueWaiting(db, queue, batchId);
        await setState(db, batchId, to === 'pause' ? 'paused' : 'cancelled');
        if (to === 'cancel') await end(db, batchId);
        return true;
      }),
  };
}

async function begin(db: Transaction<Tables>, order: NewBatch): Promise<string> {
  const batchId = randomUUID();
  await db
    .insertInto('batch')
    .values({
      batch_id: batchId,
      appid: order.appid,
      secret_id: order.secretId,
      name: order.name,
      state: 'filling',
      priority: order.priority,
      picture_count: 0,
      judged: 0,
      refused: 0,
      failed: 0,
      created_at: serverNow,
      changed_at: serverNow,
      begun_at: null,
      finished_at: null,
      webhook: order.webhook,
      webhook_tries: 0,
      webhook_at: null,
      webhook_state: null,
      results_to: order.results,
      results_state: order.results === null ? null : 'waiting',
      results_at: order.results === null ? null : 0,
      results_tries: 0,
      results_failure: null,
      results_round: 0,
      traceparent: order.traceparent ?? null,
    })
    .execute();
  return batchId;
}

async function locked(db: Transaction<Tables>, batchId: string): Promise<BatchTable | null> {
  return (
    (await db
      .selectFrom('batch')
      .selectAll()
      .where('batch_id', '=', batchId)
      .forUpdate()
      .executeTakeFirst()) ?? null
  );
}

async function setState(db: Kysely<Tables>, batchId: string, state: BatchState): Promise<void> {
  await db
    .updateTable('batch')
    .set({ state, changed_at: serverNow })
    .where('batch_id', '=', batchId)
    .execute();
}

/** Notes the end of a batch, and that its webhook is due. */
async function end(db: Kysely<Tables>, batchId: string): Promise<void> {
  await db
    .updateTable('batch')
    .set({
      finished_at: serverNow,
      webhook_at: sql`case when webhook is null then null else ${serverNow} end`,
      webhook_state: sql`case when webhook is null then null else 'waiting' end`,
    })
    .where('batch_id', '=', batchId)
    .execute();
}

/** Gives every waiting chunk of a batch a job. */
async function queueWaiting(db: Transaction<Tables>, queue: ChunkQueue, batch: BatchTable): Promise<void> {
  // Ids come from here: those that the server would make are not known before the statement is over.
  const chunks = await db
    .updateTable('batch_chunk')
    .set({ job_id: sql`gen_random_uuid()`, changed_at: serverNow })
    .where('batch_id', '=', batch.batch_id)
    .where('state', '=', 'waiting')
    .returning(['chunk', 'turn', 'job_id'])
    .execute();
  if (chunks.length === 0) {
    const left = await db
      .selectFrom('batch_chunk')
      .select('chunk')
      .where('batch_id', '=', batch.batch_id)
      .where('state', '=', 'running')
      .limit(1)
      .execute();
    if (left.length === 0) {
      await setState(db, batch.batch_id, 'done');
      await end(db, batch.batch_id);
    }
    return;
  }
  await queue.put(
    db,
    chunks.map(({ chunk, turn, job_id }) => ({
      batchId: batch.batch_id,
      chunk,
      id: job_id ?? randomUUID(),
      urgency: urgencyOf(batch.priority, turn),
    })),
  );
}

async function unqueueWaiting(db: Transaction<Tables>, queue: ChunkQueue, batchId: string): Promise<void> {
  const { rows } = await sql<{ job_id: string }>`
    with gone as (select chunk, job_id from batch_chunk
      where batch_id = ${batchId} and state = 'waiting' and job_id is not null for update)
    update batch_chunk set job_id = null from gone
      where batch_chunk.batch_id = ${batchId} and batch_chunk.chunk = gone.chunk returning gone.job_id`.execute(
    db,
  );
  await queue.drop(
    db,
    rows.map(({ job_id }) => job_id),
  );
}

function readCalls(database: StoreDatabase): Pick<BatchStore, 'list' | 'find' | 'results' | 'depth'> {
  return {
    list: ({ appid, after }, limit) =>
      database.read(UNAVAILABLE, async (db) => {
        let query = db
          .selectFrom('batch')
          .selectAll()
          .orderBy('created_at', 'desc')
          .orderBy('batch_id', 'desc')
          .limit(limit);
        // Names the part that the index by time is of: that one is not gone through in search of one app's.
        if (appid === undefined) query = query.where('batch_id', '<>', '');
        else query = query.where('appid', '=', appid);
        if (after !== undefined) {
          // A batch that is gone ends the list: nobody knows where it stood.
          query = query.where(
            sql<boolean>`(created_at, batch_id) < (select created_at, batch_id from batch where batch_id = ${after})`,
          );
        }
        return (await query.execute()).map(statusOf);
      }),
    find: (batchId, appid) =>
      database.read(UNAVAILABLE, async (db) => {
        let query = db.selectFrom('batch').selectAll().where('batch_id', '=', batchId);
        if (appid !== undefined) query = query.where('appid', '=', appid);
        const row = await query.executeTakeFirst();
        return row === undefined ? null : statusOf(row);
      }),
    results: (batchId, after, limit) =>
      database.read(UNAVAILABLE, async (db) => {
        const rows = await db
          .selectFrom('batch_result')
          .select(['row_number', 'result'])
          .where('batch_id', '=', batchId)
          .where('row_number', '>', after)
          .orderBy('row_number')
          .limit(limit)
          .execute();
        return rows.map(({ row_number, result }) => ({ row: row_number, result }));
      }),
    depth: () =>
      database.read(UNAVAILABLE, async (db) => {
        const { rows } = await sql<{ state: 'waiting' | 'running' | 'paused'; count: number; age: number }>`
          select case when c.state = 'waiting' and b.state = 'paused' then 'paused' else c.state end as state,
            count(*) as count, greatest(0, max((${serverNow} - c.changed_at) / 1000.0))::float8 as age
          from batch_chunk c join batch b using (batch_id)
          where c.state in ('waiting', 'running') and b.state in ('running', 'paused') group by 1`.execute(
          db,
        );
        const totals = await db
          .selectFrom('batch')
          .select((eb) => [
            sql<number>`coalesce(sum(${eb.ref('judged')}), 0)::bigint`.as('judged'),
            sql<number>`coalesce(sum(${eb.ref('refused')}), 0)::bigint`.as('refused'),
            sql<number>`coalesce(sum(${eb.ref('failed')}), 0)::bigint`.as('failed'),
          ])
          .executeTakeFirstOrThrow();
        const gone = await rowsGone(db);
        const of = (state: string) => rows.find((row) => row.state === state);
        return {
          chunks: {
            waiting: of('waiting')?.count ?? 0,
            running: of('running')?.count ?? 0,
            paused: of('paused')?.count ?? 0,
          },
          oldestWaitingSeconds: of('waiting')?.age ?? 0,
          rows: {
            judged: totals.judged + gone.judged,
            refused: totals.refused + gone.refused,
            failed: totals.failed + gone.failed,
          },
        };
      }),
  };
}
