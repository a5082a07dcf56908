import type { LedgerPlace } from '../../ledger/types.ts';

/** The last moment that a date can be, in ms since 1970 (ECMA-262 §21.4.1.1). */
const LATEST = 8.64e15;

/**
 * All pages of a list, one after the other. The first is read before this answers: a store that does not
 * answer is told as a problem, where headers can still say so.
 * @param read reads the page before a place; null: the newest
 */
export async function pagesOf<P extends { readonly next: LedgerPlace | null }>(
  read: (before: LedgerPlace | null) => Promise<P>,
): Promise<AsyncGenerator<P, void, void>> {
  const first = await read(null);
  return (async function* () {
    for (let page = first; ; page = await read(page.next)) {
      yield page;
      if (page.next === null) return;
    }
  })();
}

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
  const isPlace = Number.isSafeInteger(id) && id >= 0 && Math.abs(at ?? Number.NaN) <= LATEST;
  if (more.length > 0 || !isPlace || !Number.isInteger(at))
    throw refusal('"after" must be what "next" of another page said');
  return { at: new Date(at), id };
}
