import type { PostgresPoolClient } from 'kysely';
import type { PostgresSettings } from '../core/postgres-settings.ts';
import { type CountedPool, openPool } from './connection.ts';

/** A name that is this process's while it runs. */
export interface Lease {
  readonly name: string;
  /** Gives the name to whoever comes next; a second time does nothing. */
  release(): Promise<void>;
}

/** How often the connection that holds the name is looked at, in ms: it is opened anew where it broke. */
const LOOK_EVERY = 10_000;
/** More nodes at once than this there are not; a bound for the search. */
const MOST = 10_000;

/**
 * The first of `prefix1`, `prefix2`, … that no other process on the database holds, held by a lock of a
 * connection of its own (`pg_try_advisory_lock`): it ends with the process, however that ends. Where the
 * connection breaks the name is locked anew as soon as that can be done; whoever took it meanwhile shares it.
 * @throws {Error} the server's errors
 */
export async function holdName(
  prefix: string,
  settings: PostgresSettings,
  onTrouble: (error: Error) => void,
  lookEveryMs = LOOK_EVERY,
): Promise<Lease> {
  const pool = openPool({
    settings: { ...settings, poolSize: 1 },
    name: `livestill ${prefix}*`,
    isDurable: true,
    onTrouble,
  });
  try {
    const first = await pool.connect();
    const name = await firstFree(first, prefix);
    return { name, release: keep(pool, first, { name, lookEveryMs }) };
  } catch (error) {
    await pool.end();
    throw error;
  }
}

async function firstFree(client: PostgresPoolClient, prefix: string): Promise<string> {
  for (let number = 1; number <= MOST; number += 1) {
    const name = `${prefix}${number}`;
    if (await lock(client, name)) return name;
  }
  throw new Error(`${MOST} nodes run under the name ${prefix}*`);
}

async function lock(client: PostgresPoolClient, name: string): Promise<boolean> {
  const { rows } = await client.query<{ taken: boolean }>(
    'select pg_try_advisory_lock(hashtextextended($1, 107108)) as taken',
    [`node:${name}`],
  );
  return rows[0]?.taken === true;
}

/** Looks after the lock until it is given back; returns what gives it back. */
function keep(
  pool: CountedPool,
  first: PostgresPoolClient,
  { name, lookEveryMs }: { readonly name: string; readonly lookEveryMs: number },
): () => Promise<void> {
  let client: PostgresPoolClient | undefined = first;
  let isHeld = true;
  let looking: Promise<void> | undefined;
  const look = async (): Promise<void> => {
    try {
      client ??= await pool.connect();
      if (isHeld) await client.query('select 1', []);
      else isHeld = await lock(client, name);
    } catch {
      // Closed, since it is broken; the troubles of the store itself are told elsewhere.
      client?.release();
      client = undefined;
      isHeld = false;
    }
  };
  const timer = setInterval(() => {
    looking ??= look().finally(() => {
      looking = undefined;
    });
  }, lookEveryMs);
  timer.unref();
  const end = async (): Promise<void> => {
    clearInterval(timer);
    await looking;
    // The lock is the session's: it goes with the connection.
    client?.release();
    await pool.end();
  };
  let ended: Promise<void> | undefined;
  return () => {
    ended ??= end();
    return ended;
  };
}
