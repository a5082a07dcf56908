import { UsageError } from '../../faults.ts';
import type { LedgerPlace } from '../../ledger/types.ts';

/** A place in the ledger as one word: its time and number. */
export function cursorOf({ at, id }: LedgerPlace): string {
  return `${at.getTime()}.${id}`;
}

/** @throws {UsageError} `invalid_request` */
export function placeOf(cursor: string | undefined): LedgerPlace | null {
  if (cursor === undefined) return null;
  const [at, id, ...more] = cursor.split('.').map(Number);
  if (more.length > 0 || !Number.isSafeInteger(at) || !Number.isSafeInteger(id))
    throw new UsageError('invalid_request', '"after" must be what "next" of another page said');
  return { at: new Date(at), id };
}
