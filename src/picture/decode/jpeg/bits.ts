/**
 * A Huffman table as a JPEG carries it: how many codes there are of each length, 1 to 16, and their symbols
 * in order.
 */
export interface HuffmanTable {
  readonly counts: Uint8Array;
  readonly symbols: Uint8Array;
}

/** Bits that one look into the table settles; longer codes are walked bit by bit. */
const LOOK = 9;

/** A Huffman table made ready for reading (ITU-T T.81 §F.2.2.3). */
export class HuffmanReader {
  /** By the next 9 bits: length of the code times 256, plus its symbol; 0 where the code is longer. */
  readonly look = new Uint16Array(1 << LOOK);
  readonly symbols: Uint8Array;
  /** By length: the largest code, -1 where there is none. */
  readonly largest = new Int32Array(17).fill(-1);
  /** By length: index of a code's symbol minus the code. */
  readonly shift = new Int32Array(17);

  constructor({ counts, symbols }: HuffmanTable) {
    this.symbols = symbols;
    let code = 0;
    let index = 0;
    for (let length = 1; length <= 16; length++) {
      this.shift[length] = index - code;
      for (let n = counts[length - 1]; n > 0; n--) {
        if (length <= LOOK) {
          const from = code << (LOOK - length);
          this.look.fill((length << 8) | symbols[index], from, from + (1 << (LOOK - length)));
        }
        this.largest[length] = code++;
        index++;
      }
      code <<= 1;
    }
  }
}

/**
 * Reads the entropy-coded bytes of a JPEG bit by bit, up to the next marker (ITU-T T.81 §F.2.2.5). Behind the
 * last bit it reads zeros and says so in `short`; a code that the table does not have sets `wrong`.
 */
export class BitReader {
  readonly #bytes: Uint8Array;
  /** The next byte that was not taken in; at the end, where the marker begins. */
  at: number;
  #bits = 0;
  #held = 0;
  short = false;
  wrong = false;
  /** Bits of values, not of codes, that were read. */
  valueBits = 0;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  /** Whole bytes taken in and not yet read. */
  get bytesHeld(): number {
    return this.#held >> 3;
  }

  /** Whether the whole bytes that are held are all zero. */
  get holdsZeros(): boolean {
    const whole = this.#held & ~7;
    return whole === 0 || (this.#bits & (whole === 32 ? -1 : (1 << whole) - 1)) === 0;
  }

  /** Whether nothing is left but the ones that fill up the last byte. */
  get atEnd(): boolean {
    this.#fill();
    return this.#held < 8 && (this.#bits & ((1 << this.#held) - 1)) === (1 << this.#held) - 1;
  }

  /** Goes on behind the marker that ended an interval. */
  restart(at: number): void {
    this.at = at;
    this.#held = 0;
    this.#bits = 0;
  }

  #fill(): void {
    const bytes = this.#bytes;
    while (this.#held <= 24 && this.at < bytes.length) {
      const byte = bytes[this.at];
      if (byte !== 0xff) {
        this.at++;
      } else {
        let next = this.at + 1;
        while (bytes[next] === 0xff) next++;
        // Anything but a stuffed zero is a marker; so is the end of the file.
        if (bytes[next] !== 0) return;
        this.at = next + 1;
      }
      this.#bits = (this.#bits << 8) | byte;
      this.#held += 8;
    }
  }

  /** The next `n` bits, 0 to 16, as a number. */
  take(n: number): number {
    if (n === 0) return 0;
    if (this.#held < n) {
      this.#fill();
      if (this.#held < n) {
        this.short = true;
        this.#held = 0;
        return 0;
      }
    }
    this.#held -= n;
    this.valueBits += n;
    return (this.#bits >>> this.#held) & ((1 << n) - 1);
  }

  /** The symbol of the next code. */
  symbol(table: HuffmanReader): number {
    if (this.#held < 16) this.#fill();
    const held = this.#held;
    const next = held >= 16 ? (this.#bits >>> (held - 16)) & 0xffff : (this.#bits << (16 - held)) & 0xffff;
    const known = table.look[next >> (16 - LOOK)];
    let length = known >> 8;
    let symbol = known & 255;
    if (known === 0) {
      for (length = LOOK + 1; length <= 16; length++) {
        const code = next >> (16 - length);
        if (code <= table.largest[length]) {
          symbol = table.symbols[code + table.shift[length]];
          break;
        }
      }
    }
    if (length > held) {
      this.short = true;
      this.#held = 0;
      return 0;
    }
    if (length > 16) {
      this.wrong = true;
      return 0;
    }
    this.#held = held - length;
    return symbol;
  }
}
