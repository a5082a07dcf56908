import { createHash } from 'node:crypto';

/** Keys of rows. */
export interface Keys {
  readonly size: number;
  has(key: string): boolean;
  /** False where it was a member before. */
  add(key: string): boolean;
}

/**
 * A set of texts that takes 24 to 48 bytes a member, however long they are: it keeps 128 bits of each one's
 * SHA-256 in an open-addressed table. Two of a thousand million texts share these bits with a probability
 * below 10^-20.
 */
export class KeySet implements Keys {
  #table: BigUint64Array;
  #size = 0;

  /** `expected` members fit without growing. */
  constructor(expected = 0) {
    let slots = 1024;
    while (slots < expected * 1.5) slots *= 2;
    this.#table = new BigUint64Array(slots * 2);
  }

  get size(): number {
    return this.#size;
  }

  has(text: string): boolean {
    const [high, low] = fingerprint(text);
    return this.#table[this.#find(high, low) * 2] !== 0n;
  }

  /** False where it was a member before. */
  add(text: string): boolean {
    const [high, low] = fingerprint(text);
    const at = this.#find(high, low);
    if (this.#table[at * 2] !== 0n) return false;
    this.#table[at * 2] = high;
    this.#table[at * 2 + 1] = low;
    this.#size++;
    if (this.#size * 3 > (this.#table.length / 2) * 2) this.#grow();
    return true;
  }

  /** The slot that holds these bits, or the free one where they would go. */
  #find(high: bigint, low: bigint): number {
    const slots = this.#table.length / 2;
    let at = Number(low & BigInt(slots - 1));
    while (this.#table[at * 2] !== 0n) {
      if (this.#table[at * 2] === high && this.#table[at * 2 + 1] === low) return at;
      at = (at + 1) & (slots - 1);
    }
    return at;
  }

  #grow(): void {
    const old = this.#table;
    this.#table = new BigUint64Array(old.length * 2);
    for (let i = 0; i < old.length; i += 2) {
      if (old[i] === 0n) continue;
      const at = this.#find(old[i], old[i + 1]);
      this.#table[at * 2] = old[i];
      this.#table[at * 2 + 1] = old[i + 1];
    }
  }
}

/** Two quarters of the text's SHA-256; the first one is never zero. */
export function fingerprint(text: string): [high: bigint, low: bigint] {
  const hash = createHash('sha256').update(text).digest();
  return [hash.readBigUInt64LE(0) | 1n, hash.readBigUInt64LE(8)];
}
