import { sql, type Transaction } from 'kysely';
import { unitsOfRows } from '../../../jobs/entries.ts';
import type { BatchStore, ChunkEntry, ChunkRow, SetAside } from '../../../jobs/types.ts';
import type { StoreDatabase } from '../../core/database.ts';
import type { BatchChunkTable, Tables } from '../../core/tables.ts';
import { count, endWhereDone, putBack, rowsLeft } from './chunks.ts';
import { type ChunkQueue, serverNow } from './queue.ts';

type Db = Transaction<Tables>;

/** So many workers lost without a row in between: the chunk is halved. */
const HALVE_AFTER = 2;
/** So many lost over a single picture, or a single group: it is set aside. */
const SET_ASIDE_AFTER = 3;
/** The longest pause before a chunk is begun again, in seconds. */
const LONGEST_PAUSE = 60;

/** What becomes of chunks whose worker was lost. */
export function reclaimCalls(database: StoreDatabase, queue: ChunkQueue): Pick<BatchStore, 'reclaim'> {
  return {
    async reclaim(setAside) {
      for (let reclaimed = 0; ; reclaimed++) {
        const found = await database.write('state_unavailable', (db) => reclaimOne(db, queue, setAside));
        if (!found) return reclaimed;
      }
    },
  };
}

async function reclaimOne(db: Db, queue: ChunkQueue, setAside: (row: SetAside) => string): Promise<boolean> {
  const chunk = await db
    .selectFrom('batch_chunk')
    .selectAll()
    .where('state', '=', 'running')
    .where('lease_until', '<', serverNow)
    .orderBy('lease_until')
    .limit(1)
    .forUpdate()
    .skipLocked()
    .executeTakeFirst();
  if (chunk === undefined) return false;
  const { batch_id: batchId } = chunk;
  const crashes = chunk.crashes + 1;
  const entries = JSON.parse(chunk.pictures) as ChunkEntry[];
  const units = unitsOfRows(await rowsLeft(db, batchId, chunk.first_row, entries));
  const [first] = units;
  if (first === undefined) {
    await endChunk(db, chunk);
  } else if (units.length === 1 && crashes >= SET_ASIDE_AFTER) {
    await setAsideAll(db, chunk, first, setAside);
    await endChunk(db, chunk);
  } else {
    const isHalved = units.length > 1 && crashes >= HALVE_AFTER;
    const middle = units[Math.ceil(units.length / 2)]?.[0];
    if (isHalved && middle !== undefined) await halve(db, queue, chunk, middle.row);
    const afterSeconds = Math.min(LONGEST_PAUSE, 2 ** (crashes - 1));
    await putBack(
      db,
      queue,
      { batchId, chunk: chunk.chunk },
      { crashes: isHalved ? 1 : crashes, afterSeconds },
    );
  }
  return true;
}

/** Gives a picture its result, or all stills of a group and the group itself. */
async function setAsideAll(
  db: Db,
  { batch_id: batchId, chunk }: BatchChunkTable,
  rows: readonly ChunkRow[],
  setAside: (row: SetAside) => string,
): Promise<void> {
  const values = rows.map((row) => ({
    batch_id: batchId,
    row_number: row.row,
    chunk,
    outcome: 'failed',
    result: setAside({ batchId, ...row }),
  }));
  await db.insertInto('batch_result').values(values).execute();
  await count(
    db,
    batchId,
    rows.map(() => ({ outcome: 'failed' as const })),
  );
}

async function endChunk(db: Db, { batch_id, chunk }: BatchChunkTable): Promise<void> {
  await db.selectFrom('batch').select('state').where('batch_id', '=', batch_id).forUpdate().execute();
  await db
    .updateTable('batch_chunk')
    .set({ state: 'done', done: sql`picture_count`, lease: null, lease_until: null, changed_at: serverNow })
    .where('batch_id', '=', batch_id)
    .where('chunk', '=', chunk)
    .execute();
  await endWhereDone(db, batch_id);
}

/** Takes the rows from this one on into a chunk of their own, right behind it in turn. */
async function halve(db: Db, queue: ChunkQueue, chunk: BatchChunkTable, fromRow: number): Promise<void> {
  const pictures = JSON.parse(chunk.pictures) as ChunkEntry[];
  const at = fromRow - chunk.first_row;
  await db.selectFrom('batch').select('state').where('batch_id', '=', chunk.batch_id).forUpdate().execute();
  const doneIn = (from: number, to: number) =>
    sql<number>`(select count(*) from batch_result where batch_id = ${chunk.batch_id} and row_number >= ${from} and row_number < ${to})::integer`;
  const { number } = await db
    .selectFrom('batch_chunk')
    .select(sql<number>`max(chunk) + 1`.as('number'))
    .where('batch_id', '=', chunk.batch_id)
    .executeTakeFirstOrThrow();
  await db
    .insertInto('batch_chunk')
    .values({
      ...chunk,
      chunk: number,
      first_row: fromRow,
      pictures: JSON.stringify(pictures.slice(at)),
      picture_count: pictures.length - at,
      done: doneIn(fromRow, chunk.first_row + pictures.length),
      lease: null,
      lease_until: null,
    })
    .execute();
  await db
    .updateTable('batch_chunk')
    .set({
      pictures: JSON.stringify(pictures.slice(0, at)),
      picture_count: at,
      done: doneIn(chunk.first_row, fromRow),
    })
    .where('batch_id', '=', chunk.batch_id)
    .where('chunk', '=', chunk.chunk)
    .execute();
  await putBack(db, queue, { batchId: chunk.batch_id, chunk: number }, { crashes: 1, afterSeconds: 0 });
}
