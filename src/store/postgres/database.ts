import type { Kysely } from 'kysely';
import { Fault } from '../../faults.ts';
import type { StoreCall } from '../../ledger/store-health.ts';
import type { Change, StoreDatabase, StoreKind } from '../core/database.ts';
import { GroupCommit } from '../core/group-commit.ts';
import type { Tables } from '../core/tables.ts';
import { concernsOneChange, isWorthRepeating, storeFault } from './faults.ts';
import { lockFor } from './lock.ts';

/** How often a change is made that the server undid because another one was in its way. */
const TRIES = 5;

/** The database behind a pool of connections, each opened anew by itself after trouble. */
export function createDatabase(
  db: Kysely<Tables>,
  heard: (call: StoreCall) => void = () => {},
): StoreDatabase {
  let isClosed = false;
  const needOpen = (code: StoreKind): void => {
    if (isClosed) throw new Fault(code, 'store_closed', 'the store was closed');
  };
  const commits = new GroupCommit({
    commit: (changes) => repeated(() => inOneTransaction(db, changes)),
    concernsOneChange,
    toFault: storeFault,
  });
  async function asFault<T>(code: StoreKind, work: () => Promise<T>): Promise<T> {
    needOpen(code);
    const since = performance.now();
    let failure: string | null = null;
    try {
      return await work();
    } catch (error) {
      const fault = storeFault(code, error);
      // What is refused for its content is an answer of a store that is well.
      if (fault instanceof Fault && fault.area === 'store') failure = fault.reason;
      throw fault;
    } finally {
      heard({ seconds: (performance.now() - since) / 1000, failure });
    }
  }
  return {
    open: async () => {},
    read: (code, query) => asFault(code, () => query(db)),
    write: <T>(code: StoreKind, change: Change<T>, lock?: string) =>
      asFault(code, () => repeated(() => inTransaction(db, change, lock))),
    append: (code, change) => asFault(code, () => commits.run(code, change)),
    // The server lets go of what was deleted by itself (autovacuum).
    forgetDeleted: async () => {},
    async close() {
      isClosed = true;
      await commits.idle();
      await db.destroy();
    },
  };
}

function inTransaction<T>(db: Kysely<Tables>, change: Change<T>, lock: string | undefined): Promise<T> {
  return db.transaction().execute(async (open) => {
    if (lock !== undefined) await lockFor(open, lock);
    return change(open);
  });
}

function inOneTransaction(
  db: Kysely<Tables>,
  changes: readonly Change<unknown>[],
): Promise<readonly unknown[]> {
  return db.transaction().execute(async (open) => {
    const results: unknown[] = [];
    for (const change of changes) results.push(await change(open));
    return results;
  });
}

/** Makes a change again that the server undid as a whole. */
async function repeated<T>(work: () => Promise<T>): Promise<T> {
  for (let left = TRIES; ; left -= 1) {
    try {
      return await work();
    } catch (error) {
      if (left <= 1 || !isWorthRepeating(error)) throw error;
    }
  }
}
