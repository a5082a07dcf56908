import { randomUUID } from 'node:crypto';
import { sql, type Transaction } from 'kysely';
import { rowOfEntry } from '../../../jobs/entries.ts';
import type { BatchStore, ChunkEntry, ChunkRow, Lease, LeaseState, RowResult } from '../../../jobs/types.ts';
import type { StoreDatabase } from '../../core/database.ts';
import { appendTo, type OwnChain } from '../../core/ledger.ts';
import type { Tables } from '../../core/tables.ts';
import { type ChunkQueue, serverNow } from './queue.ts';
import { urgencyOf } from './turns.ts';

type Db = Transaction<Tables>;
const UNAVAILABLE = 'state_unavailable';

/** What a worker does with a chunk. */
export function chunkCalls(
  database: StoreDatabase,
  queue: ChunkQueue,
  chain: OwnChain,
): Pick<BatchStore, 'take' | 'extend' | 'record' | 'finish' | 'giveBack'> {
  return {
    take: (worker, leaseMs) => database.write(UNAVAILABLE, (db) => take(db, queue, worker, leaseMs)),
    extend: (lease, leaseMs) =>
      database.write(UNAVAILABLE, async (db) => {
        const state = await stateOf(db, lease);
        if (state === 'held') await hold(db, lease, leaseMs, 0);
        return state;
      }),
    record: (lease, results, leaseMs) =>
      database.write(UNAVAILABLE, async (db) => {
        const state = await stateOf(db, lease);
        if (state !== 'lost') await record(db, chain, lease, results, leaseMs);
        return state;
      }),
    finish: (lease) => database.write(UNAVAILABLE, (db) => finish(db, lease)),
    giveBack: (lease, afterSeconds = 0) =>
      database.write(UNAVAILABLE, async (db) => {
        const state = await stateOf(db, lease);
        if (state === 'lost') return;
        await putBack(db, queue, lease, { crashes: 0, afterSeconds });
      }),
  };
}

async function take(db: Db, queue: ChunkQueue, worker: string, leaseMs: number): Promise<Lease | null> {
  const job = await queue.take(db);
  if (job === null) return null;
  const token = randomUUID();
  const taken = await db
    .updateTable('batch_chunk')
    .set({
      state: 'running',
      job_id: null,
      lease: token,
      lease_until: sql`${serverNow} + ${leaseMs}::bigint`,
      worker,
      changed_at: serverNow,
    })
    .where('batch_id', '=', job.batchId)
    .where('chunk', '=', job.chunk)
    .where('state', '=', 'waiting')
    .where('job_id', '=', job.id)
    .returning(['first_row', 'pictures'])
    .executeTakeFirst();
  if (taken === undefined) return null;
  const batch = await db
    .updateTable('batch')
    .set({ begun_at: sql`coalesce(begun_at, ${serverNow})` })
    .where('batch_id', '=', job.batchId)
    .returning(['appid', 'secret_id', 'traceparent'])
    .executeTakeFirstOrThrow();
  const rows = await rowsLeft(db, job.batchId, taken.first_row, JSON.parse(taken.pictures) as ChunkEntry[]);
  const { batchId, chunk } = job;
  const { appid, secret_id: secretId, traceparent } = batch;
  return { batchId, chunk, token, appid, secretId, traceparent, rows };
}

/** The rows of a chunk that have no result yet. */
export async function rowsLeft(
  db: Db,
  batchId: string,
  firstRow: number,
  pictures: readonly ChunkEntry[],
): Promise<readonly ChunkRow[]> {
  const done = await db
    .selectFrom('batch_result')
    .select('row_number')
    .where('batch_id', '=', batchId)
    .where('row_number', '>=', firstRow)
    .where('row_number', '<', firstRow + pictures.length)
    .execute();
  const numbers = new Set(done.map(({ row_number }) => row_number));
  return pictures.map((entry, i) => rowOfEntry(entry, firstRow + i)).filter(({ row }) => !numbers.has(row));
}

/** Whether the chunk is still this lease's; it stays as it is until the transaction ends. */
async function stateOf(db: Db, { batchId, chunk, token }: Lease): Promise<LeaseState> {
  const { rows } = await sql<{ state: string }>`
    select b.state from batch_chunk c join batch b using (batch_id)
    where c.batch_id = ${batchId} and c.chunk = ${chunk} and c.state = 'running' and c.lease = ${token}
    for update of c`.execute(db);
  const [found] = rows;
  if (found === undefined || found.state === 'cancelled') return 'lost';
  return found.state === 'paused' ? 'paused' : 'held';
}

async function hold(db: Db, { batchId, chunk }: Lease, leaseMs: number, done: number): Promise<void> {
  await db
    .updateTable('batch_chunk')
    .set({
      lease_until: sql`${serverNow} + ${leaseMs}::bigint`,
      done: sql`done + ${done}::integer`,
      ...(done === 0 ? {} : { crashes: 0 }),
    })
    .where('batch_id', '=', batchId)
    .where('chunk', '=', chunk)
    .execute();
}

async function record(
  db: Db,
  chain: OwnChain,
  lease: Lease,
  results: readonly RowResult[],
  leaseMs: number,
): Promise<void> {
  const { batchId, chunk } = lease;
  if (results.length === 0) return;
  // A row that has a result is an error here, and nothing of the transaction is kept.
  await db
    .insertInto('batch_result')
    .values(
      results.map(({ row, outcome, result }) => ({
        batch_id: batchId,
        row_number: row,
        chunk,
        outcome,
        result,
      })),
    )
    .execute();
  await hold(db, lease, leaseMs, results.length);
  for (const { record: row } of results) if (row !== null) await appendTo(db, chain, row);
  // Last: chunks of the same batch wait for each other from here on.
  await count(db, batchId, results);
}

/** Adds outcomes to a batch's figures. */
export async function count(
  db: Db,
  batchId: string,
  results: readonly Pick<RowResult, 'outcome'>[],
): Promise<void> {
  const of = (outcome: string) => results.filter((one) => one.outcome === outcome).length;
  await db
    .updateTable('batch')
    .set({
      judged: sql`judged + ${of('judged')}::bigint`,
      refused: sql`refused + ${of('refused')}::bigint`,
      failed: sql`failed + ${of('failed')}::bigint`,
      changed_at: serverNow,
    })
    .where('batch_id', '=', batchId)
    .execute();
}

async function finish(db: Db, lease: Lease): Promise<LeaseState> {
  const { batchId, chunk, token } = lease;
  // The batch first, as everybody does who looks at its last chunk.
  await db.selectFrom('batch').select('state').where('batch_id', '=', batchId).forUpdate().execute();
  const ended = await db
    .updateTable('batch_chunk')
    .set({ state: 'done', lease: null, lease_until: null, changed_at: serverNow })
    .where('batch_id', '=', batchId)
    .where('chunk', '=', chunk)
    .where('lease', '=', token)
    .where('state', '=', 'running')
    .whereRef('done', '=', 'picture_count')
    .returning('chunk')
    .execute();
  if (ended.length === 0) return 'lost';
  await endWhereDone(db, batchId);
  return 'held';
}

/** Ends a batch whose chunks are all done. Its row is locked by then. */
export async function endWhereDone(db: Db, batchId: string): Promise<void> {
  await sql`update batch set state = 'done', finished_at = ${serverNow}, changed_at = ${serverNow},
      webhook_at = case when webhook is null then null else ${serverNow} end,
      webhook_state = case when webhook is null then null else 'waiting' end
    where batch_id = ${batchId} and state in ('running', 'paused') and not exists
      (select 1 from batch_chunk where batch_id = ${batchId} and state <> 'done')`.execute(db);
}

/** Lets a chunk wait again; of a paused batch it gets its job when that goes on. */
export async function putBack(
  db: Db,
  queue: ChunkQueue,
  { batchId, chunk }: Pick<Lease, 'batchId' | 'chunk'>,
  { crashes, afterSeconds }: { readonly crashes: number; readonly afterSeconds: number },
): Promise<void> {
  const batch = await db
    .selectFrom('batch')
    .select(['state', 'priority'])
    .where('batch_id', '=', batchId)
    .forUpdate()
    .executeTakeFirstOrThrow();
  const id = batch.state === 'running' ? randomUUID() : null;
  const { turn } = await db
    .updateTable('batch_chunk')
    .set({
      state: 'waiting',
      job_id: id,
      lease: null,
      lease_until: null,
      worker: null,
      crashes,
      changed_at: serverNow,
    })
    .where('batch_id', '=', batchId)
    .where('chunk', '=', chunk)
    .returning('turn')
    .executeTakeFirstOrThrow();
  if (id === null) return;
  await queue.put(db, [{ id, batchId, chunk, urgency: urgencyOf(batch.priority, turn), afterSeconds }]);
}
