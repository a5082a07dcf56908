import type { CallHealth, StoreHealth } from '../../ledger/store-health.ts';
import { boundedValues } from './bounded.ts';
import type { Kit } from './registry.ts';

/** Reasons of failed calls that are on the page with 0 from the start. */
const KNOWN_FAILURES = {
  store: ['store_unreachable', 'store_timeout', 'store_error'],
  sqlite: ['store_timeout', 'store_thread_ended', 'store_locked', 'store_full', 'store_io', 'store_readonly'],
  redis: ['store_unreachable', 'store_timeout', 'store_full', 'store_error'],
} as const;

/** The figures of this node's connections to a shared store. */
export function watchStore(kit: Kit, health: StoreHealth): void {
  kit.lookedEach(
    'store_connections',
    'Connections to PostgreSQL in use and idle, and calls that wait for one.',
    'state',
    () => Object.entries(health.connections()),
  );
  watchCalls(kit, 'store', health, {
    seconds: 'Calls of PostgreSQL, waiting for a connection included.',
    failures: 'Calls of PostgreSQL that failed.',
  });
}

/** The figures of the thread that has the SQLite file. */
export function watchSqlite(kit: Kit, health: CallHealth): void {
  kit.looked('sqlite_calls_waiting', 'Calls that the thread of the SQLite file has not answered yet.', () =>
    health.waiting(),
  );
  watchCalls(kit, 'sqlite', health, {
    seconds: 'Calls of the thread of the SQLite file, until the main thread has the answer.',
    failures: 'Calls of the SQLite file that failed.',
  });
}

/** The figures of this node's calls of a Redis server. */
export function watchRedis(kit: Kit, health: CallHealth): void {
  kit.looked('redis_calls_waiting', 'Calls that the Redis server has not answered yet.', () =>
    health.waiting(),
  );
  watchCalls(kit, 'redis', health, {
    seconds: 'Calls of the Redis server.',
    failures: 'Calls of the Redis server that failed.',
  });
}

/** How long calls take, and why they fail. */
function watchCalls(
  kit: Kit,
  store: keyof typeof KNOWN_FAILURES,
  health: Pick<CallHealth, 'listen'>,
  help: { readonly seconds: string; readonly failures: string },
): void {
  const reason = boundedValues(50);
  const seconds = kit.histogram(`${store}_call_seconds`, help.seconds, 'ledger');
  const failures = kit.counter(`${store}_failures_total`, help.failures, ['reason']);
  for (const one of KNOWN_FAILURES[store]) failures.inc({ reason: one }, 0);
  health.listen((call) => {
    seconds.observe(call.seconds);
    if (call.failure !== null) failures.inc({ reason: reason(call.failure) });
  });
}
