import { fingerprint, KeySet, type Keys } from './key-set.ts';

/** Places of a page; 16 kB. */
const PAGE = 4096;
const LAST_PLACE = 2 ** 32;

/**
 * A set of keys of the form `place:text`, such as those of a list: 4 bytes for each place up to the last one,
 * a fourth or less of what a {@link KeySet} needs. Of each place it keeps 32 bits of the SHA-256 of the last
 * key added for it, so that another text in the same place is no member, but for one in 2^32. Keys of another
 * form are members too, at the cost of a key set.
 */
export class PlaceSet implements Keys {
  readonly #pages = new Map<number, Uint32Array>();
  readonly #others = new KeySet();
  #size = 0;

  get size(): number {
    return this.#size + this.#others.size;
  }

  has(key: string): boolean {
    const place = placeOf(key);
    if (place === null) return this.#others.has(key);
    return this.#pages.get(Math.floor(place / PAGE))?.[place % PAGE] === markOf(key);
  }

  add(key: string): boolean {
    const place = placeOf(key);
    if (place === null) return this.#others.add(key);
    const mark = markOf(key);
    const number = Math.floor(place / PAGE);
    let page = this.#pages.get(number);
    if (page === undefined) {
      page = new Uint32Array(PAGE);
      this.#pages.set(number, page);
    }
    const before = page[place % PAGE];
    page[place % PAGE] = mark;
    if (before === 0) this.#size++;
    return before !== mark;
  }
}

function placeOf(key: string): number | null {
  const end = key.indexOf(':');
  const digits = key.slice(0, end);
  if (end < 1 || !/^[1-9]\d*$/.test(digits)) return null;
  const place = Number(digits);
  return place < LAST_PLACE ? place : null;
}

/** Zero marks a place without a key. */
const markOf = (key: string) => Number(fingerprint(key)[1] & 0xffff_ffffn) || 1;
