import { sql } from 'kysely';
import type { StoreDatabase } from './database.ts';

/** How often gathered times are written, in ms. */
const TOUCH_EVERY = 5000;

/** The last-used times of one kind of key. */
export interface Touches {
  note(secretId: string, at: Date): void;
  close(): Promise<void>;
}

/** Last-used times: gathered in memory, written every few seconds, so that a request never waits for them. */
export function createTouches(
  database: StoreDatabase,
  table: 'secret' | 'api_key',
  column: 'secret_id' | 'key_id',
  onTrouble: (error: Error) => void,
): Touches {
  const pending = new Map<string, number>();

  async function write(): Promise<void> {
    if (pending.size === 0) return;
    // In one order everywhere, so that two writers never wait for each other.
    const batch = [...pending].sort(([one], [other]) => (one < other ? -1 : 1));
    try {
      await database.write('accounts_unavailable', async (db) => {
        for (const [id, at] of batch) {
          await sql`update ${sql.table(table)} set last_used_at = ${at}
            where ${sql.ref(column)} = ${id} and (last_used_at is null or last_used_at < ${at})`.execute(db);
        }
      });
      for (const [secretId, at] of batch) if (pending.get(secretId) === at) pending.delete(secretId);
    } catch (error) {
      onTrouble(
        new Error('last-used times could not be written; they will be tried again', { cause: error }),
      );
    }
  }

  const timer = setInterval(() => void write(), TOUCH_EVERY);
  timer.unref();
  return {
    note: (secretId, at) => void pending.set(secretId, Math.max(at.getTime(), pending.get(secretId) ?? 0)),
    async close() {
      clearInterval(timer);
      await write();
    },
  };
}
