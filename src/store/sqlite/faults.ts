import { Fault, type FaultReason, UsageError } from '../../faults.ts';
import { NativeLibraryError } from '../../native-library.ts';
import type { StoreKind } from '../core/database.ts';
import { detailOf, type Explained, storeFaultOf } from '../core/store-fault.ts';
import { sqliteCode } from './connection.ts';

const REASONS: readonly (readonly [prefix: string, reason: FaultReason<StoreKind>, text: string])[] = [
  ['SQLITE_BUSY', 'store_locked', 'another process holds the lock on the data folder'],
  ['SQLITE_LOCKED', 'store_locked', 'another connection holds the lock on the data folder'],
  ['SQLITE_FULL', 'store_full', 'the disk of the data folder is full'],
  ['SQLITE_READONLY', 'store_readonly', 'the data folder cannot be written'],
  ['SQLITE_IOERR', 'store_io', 'the disk of the data folder answers with errors'],
  ['SQLITE_CORRUPT', 'store_corrupt', 'the database file is damaged: restore a copy'],
  ['SQLITE_NOTADB', 'store_corrupt', 'the database file is not a SQLite database: restore a copy'],
  ['SQLITE_CANTOPEN', 'store_unopenable', 'the database file cannot be opened'],
];

/** A failed call as a fault: which store, and why; see `storeFaultOf`. */
export function storeFault(kind: StoreKind, error: unknown): Fault | UsageError {
  return storeFaultOf(kind, error, explain);
}

function explain(error: unknown): Explained | undefined {
  if (error instanceof NativeLibraryError) return ['store_library', error.message];
  const found = REASONS.find(([prefix]) => sqliteCode(error).startsWith(prefix));
  return found && [found[1], `${found[2]} (${detailOf(error)})`];
}

/** After these the connection is as good as before; after every other error it is opened anew. */
export function isHarmless(error: unknown): boolean {
  // At COMMIT this code says that a statement was left open, not that there is a lock.
  if (/statements in progress/.test((error as Error | null)?.message ?? '')) return false;
  return (
    error instanceof Fault ||
    error instanceof UsageError ||
    error instanceof TypeError ||
    /^SQLITE_(BUSY|LOCKED|FULL|CONSTRAINT)/.test(sqliteCode(error))
  );
}

/** Whether an error comes from one change rather than from the file, the disk or a lock. */
export function concernsOneChange(error: unknown): boolean {
  if (error instanceof Fault) return error.reason !== 'store_closed' && error.reason !== 'store_missing';
  const code = sqliteCode(error);
  return code === '' || code.startsWith('SQLITE_CONSTRAINT') || code.startsWith('SQLITE_TOOBIG');
}
