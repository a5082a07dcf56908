import { sql, type Transaction } from 'kysely';
import type { Tables } from '../../core/tables.ts';
import { lockFor } from '../lock.ts';

/** Turns below this one fit between two priorities. */
const TURNS = 100_000_000;

/**
 * The turn of the first chunk of a new batch. Chunks are begun in the order of their turns, and every app's
 * stand one behind the other from the turn that is current when the batch comes (start-time fair queueing):
 * an app with ten thousand chunks and one with ten get every second chunk each, until the ten are done.
 */
export async function firstTurn(db: Transaction<Tables>, appid: string): Promise<number> {
  await lockFor(db, 'batch-turns');
  const { rows } = await sql<{ current: number | null; own: number | null }>`
    select min(c.turn) as current, max(c.turn) filter (where b.appid = ${appid}) as own
    from batch_chunk c join batch b using (batch_id)
    where c.state in ('waiting', 'running') and b.state in ('running', 'paused')`.execute(db);
  const { current = null, own = null } = rows[0] ?? {};
  return Math.max(current ?? 0, own === null ? 0 : own + 1);
}

/** How urgent a chunk is, as a number that pg-boss orders by, within 32 bits. */
export function urgencyOf(priority: number, turn: number): number {
  return priority * TURNS - Math.min(turn, TURNS - 1);
}
