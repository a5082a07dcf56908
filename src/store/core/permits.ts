import { randomUUID } from 'node:crypto';
import type { PermitStore } from '../../account/types.ts';

/** Where the permits of all nodes stand; times are those of the place itself. */
export interface PermitTable {
  /** Takes one of `limit` permits of an app, held for `leaseMs` unless renewed; false where there is none. */
  take(appid: string, limit: number, id: string, leaseMs: number): Promise<boolean>;
  /** Holds permits, ids by app, for another `leaseMs` from now on. */
  renew(held: ReadonlyMap<string, readonly string[]>, leaseMs: number): Promise<void>;
  release(appid: string, id: string): Promise<void>;
}

/** How long the permits of a node that ended without a word stay taken, in ms. */
const LEASE = 10_000;

/** Permits that can be closed. */
export interface SharedPermits extends PermitStore {
  /** Renews no more. */
  close(): Promise<void>;
}

/**
 * Simultaneous requests of apps, counted over all nodes: each holds a lease, which is renewed while the
 * request runs and ends by itself where its node does.
 */
export function createPermits(table: PermitTable, onTrouble: (error: Error) => void): SharedPermits {
  const node = randomUUID();
  const held = new Map<string, Set<string>>();
  let taken = 0;
  let renewing: Promise<void> = Promise.resolve();
  const renew = async () => {
    if (held.size === 0) return;
    const ids = new Map([...held].map(([appid, all]) => [appid, [...all]]));
    await table.renew(ids, LEASE).catch(onTrouble);
  };
  const timer = setInterval(() => {
    renewing = renewing.then(renew);
  }, LEASE / 3);
  timer.unref();
  const drop = (appid: string, id: string) => {
    const ids = held.get(appid);
    ids?.delete(id);
    if (ids?.size === 0) held.delete(appid);
  };
  return {
    async take(appid, limit) {
      const id = `${node}:${taken++}`;
      if (!(await table.take(appid, limit, id, LEASE))) return null;
      const ids = held.get(appid) ?? new Set();
      held.set(appid, ids.add(id));
      return () => {
        drop(appid, id);
        // Where it cannot be given back, it ends by itself.
        void table.release(appid, id).catch(onTrouble);
      };
    },
    async close() {
      clearInterval(timer);
      await renewing;
    },
  };
}
