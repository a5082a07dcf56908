import type { StoreHealth } from '../../ledger/store-health.ts';
import { boundedValues } from './bounded.ts';
import type { Kit } from './registry.ts';

/** The figures of this node's connections to a shared store. */
export function watchStore(kit: Kit, health: StoreHealth): void {
  const reason = boundedValues(50);
  kit.lookedEach(
    'store_connections',
    'Connections to PostgreSQL in use and idle, and calls that wait for one.',
    'state',
    () => Object.entries(health.connections()),
  );
  const seconds = kit.histogram(
    'store_call_seconds',
    'Calls of PostgreSQL, waiting for a connection included.',
    'ledger',
  );
  const failures = kit.counter('store_failures_total', 'Calls of PostgreSQL that failed.', ['reason']);
  for (const one of ['store_unreachable', 'store_timeout', 'store_error']) failures.inc({ reason: one }, 0);
  health.listen((call) => {
    seconds.observe(call.seconds);
    if (call.failure !== null) failures.inc({ reason: reason(call.failure) });
  });
}
