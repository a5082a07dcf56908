import { isGroupSize, MOST_STILLS } from '../liveness/stills/fuse.ts';

/** What may be one of several stills of one person. */
export interface Grouped {
  /** Its neighbours in the list with the same one are judged together with it; absent: it stands alone. */
  readonly group?: string;
}

/** What is judged in one go. */
export type Unit<T> =
  /** A picture for itself. */
  | { readonly kind: 'one'; readonly item: T }
  /** Stills that have one verdict, in order. */
  | { readonly kind: 'together'; readonly group: string; readonly items: readonly T[] }
  /** A group with too few or too many pictures, which went before as pictures for themselves. */
  | { readonly kind: 'misfit'; readonly group: string; readonly first: T; readonly count: number };

/**
 * Divides a list into what is judged in one go. A group is what stands in a row with one name; at most five
 * items wait at a time, however long a group is.
 */
export async function* unitsOf<T extends Grouped>(
  items: AsyncIterable<T> | Iterable<T>,
): AsyncGenerator<Unit<T>> {
  let waiting: T[] = [];
  let begun: { readonly group: string; readonly first: T; count: number } | null = null;
  const alone = () => {
    const units = waiting.map((item): Unit<T> => ({ kind: 'one', item }));
    waiting = [];
    return units;
  };
  function* end(): Generator<Unit<T>> {
    if (begun === null) return;
    const { group, first, count } = begun;
    begun = null;
    if (isGroupSize(count)) {
      yield { kind: 'together', group, items: waiting };
      waiting = [];
      return;
    }
    yield* alone();
    yield { kind: 'misfit', group, first, count };
  }
  for await (const item of items) {
    if (begun !== null && item.group !== begun.group) yield* end();
    if (item.group === undefined) {
      yield { kind: 'one', item };
      continue;
    }
    begun ??= { group: item.group, first: item, count: 0 };
    begun.count++;
    waiting.push(item);
    if (begun.count > MOST_STILLS) yield* alone();
  }
  yield* end();
}
