import type { LedgerPlace } from '../../ledger/types.ts';

/** A place in the ledger as one word: its time and number. */
export function cursorOf({ at, id }: LedgerPlace): string {
  return `${at.getTime()}.${id}`;
}

/**
 * The place that `cursorOf` wrote; null where there is none.
 * @param refusal the error for a word that `cursorOf` did not write, with what was expected
 */
export function placeOf(
  cursor: string | undefined,
  refusal: (expected: string) => Error,
): LedgerPlace | null {
  if (cursor === undefined) return null;
  const [at, id, ...more] = cursor.split('.').map(Number);
  if (more.length > 0 || !Number.isSafeInteger(at) || !Number.isSafeInteger(id))
    throw refusal('"after" must be what "next" of another page said');
  return { at: new Date(at), id };
}
