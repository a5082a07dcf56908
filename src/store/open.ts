import { UsageError } from '../faults.ts';
import type { BackendOptions } from './core/backend.ts';
import { createCallWatch } from './core/call-watch.ts';
import { facade } from './core/facade.ts';
import type { PostgresSettings } from './core/postgres-settings.ts';
import type { RedisSettings } from './core/redis-settings.ts';
import type { Store, StoreOptions } from './core/types.ts';
import type { RedisState } from './redis/inspect.ts';

export type { PostgresSettings } from './core/postgres-settings.ts';
export type { RedisSettings } from './core/redis-settings.ts';
export type { Store, StoreOptions } from './core/types.ts';
export { postgresSettings, shownAddress } from './postgres/settings.ts';
export { redisSettings, shownRedis } from './redis/settings.ts';

/** After how long a call of the store's thread is given up, in ms. */
const ANSWER_WITHIN_MS = 5000;

/**
 * Open the store: the accounts, the memory of single-use signatures, the daily counts and the ledger, in the
 * file of the data folder or in a PostgreSQL database.
 *
 * @throws {UsageError} `data_missing` when `create` is false and there is no data folder
 * @throws {UsageError} `redis_without_postgres`, `redis_url`, `redis_ca`
 * @throws {Fault} `accounts_unavailable` when it cannot be used: `master_key_missing`, `master_key_wrong`,
 * `master_key_exposed`, `master_key_malformed`, `store_locked`, `store_corrupt`, `store_newer`, …; the
 * message says what to do
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { thread, answerWithinMs = ANSWER_WITHIN_MS, onTrouble = () => {}, onMigrated, ...given } = options;
  const { postgres, redis, ...others } = given;
  const backendOptions = withoutUndefined(others);
  const events = { onTrouble, onMigrated };
  if (postgres !== undefined) return openShared({ ...backendOptions, postgres }, redis, events);
  if (redis !== undefined) {
    throw new UsageError(
      'redis_without_postgres',
      'redis.url is for several nodes on a PostgreSQL store: set store, or leave redis.url out',
    );
  }
  // The engine is loaded where it works, in this thread or in one of its own.
  if (thread === false) {
    const { openBackend } = await import('./sqlite/open.ts');
    return facade(await openBackend(backendOptions, events), onTrouble);
  }
  const { openRemoteBackend } = await import('./sqlite/thread/remote.ts');
  const watch = createCallWatch();
  const remote = { backend: backendOptions, answerWithinMs, onTrouble, onMigrated, watch };
  return facade(await openRemoteBackend(remote), onTrouble, { sqlite: watch.health });
}

/** A store that several nodes work on. */
async function openShared(
  options: BackendOptions & { readonly postgres: PostgresSettings },
  redis: RedisSettings | undefined,
  events: { readonly onTrouble: (error: Error) => void; readonly onMigrated: StoreOptions['onMigrated'] },
): Promise<Store> {
  const { openBackend } = await import('./postgres/open.ts');
  const { backend, shared } = await openBackend(options, events);
  if (redis === undefined) return facade(backend, events.onTrouble, shared);
  try {
    // Loaded where it is needed: every command opens a store, few know of a Redis server.
    const { openRedis } = await import('./redis/open.ts');
    const state = await openRedis(redis, backend, events.onTrouble);
    await shared.close?.();
    const { batches, health } = shared;
    return facade(backend, events.onTrouble, {
      ...state,
      ...(batches === undefined ? {} : { batches }),
      ...(health === undefined ? {} : { health }),
    });
  } catch (error) {
    await shared.close?.();
    await backend.close();
    throw error;
  }
}

function withoutUndefined<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}

/**
 * Looks at a Redis server without changing more than a key that ends by itself.
 * @throws {UsageError} `redis_url`, `redis_ca`
 * @throws {Fault} `state_unavailable` when it does not answer or takes no changes
 */
export async function inspectRedis(settings: RedisSettings): Promise<RedisState> {
  const inspect = await import('./redis/inspect.ts');
  return inspect.inspectRedis(settings);
}
