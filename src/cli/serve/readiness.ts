import { statfs } from 'node:fs/promises';
import type { Logger } from 'pino';
import { Fault } from '../../faults.ts';
import type { Store } from '../../store/open.ts';
import type { ReadinessChecks } from '../../wire/admin/health.ts';

/** Where the service is between its start and its end. */
export interface ServiceState {
  readonly ready: boolean;
  readonly draining: boolean;
}

/** What readiness is found out with. */
export interface ReadinessOptions {
  readonly state: ServiceState;
  readonly store: Pick<Store, 'check'>;
  readonly log: Logger;
  /** Bytes that may still be written where the data folder lies; null where nobody knows. */
  readonly freeBytes: () => Promise<number | null>;
}

/**
 * Below this the disk counts as full, in bytes: a database writes over what it has for a while, so that a
 * write succeeds now and the next row does not.
 */
const LEAST_FREE = 8 * 1024 * 1024;

/** What keeps the store from writing, in words that name no path. */
const STORE_STATES: Readonly<Record<string, string>> = {
  store_full: 'disk full',
  store_readonly: 'read-only',
};

/** Whether requests can be taken: the service is up, the store writes, there is room for what it writes. */
export function readinessChecks({ state, store, log, freeBytes }: ReadinessOptions): ReadinessChecks {
  return {
    service: async () => (state.draining ? 'draining' : state.ready ? 'ok' : 'starting'),
    store: async () => {
      try {
        await store.check();
        return 'ok';
      } catch (err) {
        // Why stands in the log; whoever may ask for health need not learn of paths.
        log.warn({ event: 'store_not_ready', err }, 'the store does not answer');
        return (err instanceof Fault && STORE_STATES[err.reason]) || 'does not answer';
      }
    },
    disk: async () => {
      const free = await freeBytes();
      if (free === null || free >= LEAST_FREE) return 'ok';
      log.warn(
        { event: 'disk_full', freeBytes: free, leastFree: LEAST_FREE },
        'the disk of the data folder is full',
      );
      return 'disk full';
    },
  };
}

/** What may still be written at a place, in bytes; null where the system does not tell. */
export async function freeBytesAt(folder: string): Promise<number | null> {
  try {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  } catch {
    return null;
  }
}
