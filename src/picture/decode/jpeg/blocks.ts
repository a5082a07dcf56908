import type { BitReader } from './bits.ts';
import type { JpegFrame, JpegScanHeader } from './frame.ts';

type Part = JpegScanHeader['parts'][number];

/** Reads one scan's blocks without making pixels of them: where they end, and whether they can be right. */
export interface BlockReader {
  /** Reads block number `block` of the scan's part `part`; false where its coefficients cannot be. */
  block(part: number, block: number): boolean;
  /** At the start of the scan and after each restart. */
  restart(): void;
}

/** A signed value of `size` bits (ITU-T T.81 §F.2.2.1). */
function signed(reader: BitReader, size: number): number {
  const bits = reader.take(size);
  return size > 0 && bits < 1 << (size - 1) ? bits - (1 << size) + 1 : bits;
}

/** DC coefficients, each told as the difference to the one before. */
class DcReader {
  readonly #last: number[];
  readonly #most: readonly number[];

  /**
   * Averages of a block lie in the samples' range, so coefficients times their step are at most 8 times half
   * of it. Twice that is allowed, for encoders that overshoot.
   */
  constructor(frame: JpegFrame, header: JpegScanHeader, steps: readonly number[]) {
    this.#last = header.parts.map(() => 0);
    const range = 2 * 8 * 2 ** (frame.precision - 1);
    this.#most = header.parts.map(({ component }) => {
      const step = Math.max(1, steps[component.quantizer & 3]);
      return (range / step + 2) / 2 ** header.low;
    });
  }

  restart(): void {
    this.#last.fill(0);
  }

  read(reader: BitReader, part: number, table: Part['dc']): boolean {
    if (table === null) return true;
    const size = reader.symbol(table);
    if (size > 15) return false;
    this.#last[part] += signed(reader, size);
    return Math.abs(this.#last[part]) <= this.#most[part];
  }
}

function sequential(reader: BitReader, header: JpegScanHeader, dcs: DcReader): BlockReader {
  return {
    restart: () => dcs.restart(),
    block(part) {
      const { dc, ac } = header.parts[part];
      if (!dcs.read(reader, part, dc)) return false;
      if (ac === null) return true;
      for (let k = 1; k < 64; k++) {
        const symbol = reader.symbol(ac);
        const size = symbol & 15;
        k += symbol >> 4;
        if (size > 0) {
          if (k > 63) return false;
          reader.take(size);
        } else if (symbol !== 0xf0) break;
      }
      return true;
    },
  };
}

function progressiveDc(reader: BitReader, header: JpegScanHeader, dcs: DcReader): BlockReader {
  return {
    restart: () => dcs.restart(),
    block(part) {
      if (header.high === 0) return dcs.read(reader, part, header.parts[part].dc);
      reader.take(1);
      return true;
    },
  };
}

/** The first scan of some AC coefficients (ITU-T T.81 §G.1.2.2). */
function progressiveFirst(reader: BitReader, header: JpegScanHeader): BlockReader {
  const { component, ac } = header.parts[0];
  const { nonZero } = component;
  let endOfBlocks = 0;
  return {
    restart() {
      endOfBlocks = 0;
    },
    block(_, block) {
      if (ac === null) return true;
      if (endOfBlocks > 0) {
        endOfBlocks--;
        return true;
      }
      for (let k = header.from; k <= header.to; k++) {
        const symbol = reader.symbol(ac);
        const run = symbol >> 4;
        const size = symbol & 15;
        if (size > 0) {
          k += run;
          if (k > header.to) return false;
          reader.take(size);
          nonZero[2 * block + (k >> 5)] |= 1 << (k & 31);
        } else if (run === 15) {
          k += 15;
        } else {
          endOfBlocks = (1 << run) + reader.take(run) - 1;
          break;
        }
      }
      return true;
    },
  };
}

/** How many bits of a word are set. */
function bitsIn(word: number): number {
  let n = word - ((word >>> 1) & 0x55555555);
  n = (n & 0x33333333) + ((n >>> 2) & 0x33333333);
  return Math.imul((n + (n >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** The places `from` to `to` of a word of coefficients that begins at place `first`. */
function places(first: number, from: number, to: number): number {
  const [low, high] = [Math.max(from - first, 0), Math.min(to - first, 31)];
  return low > high ? 0 : (-1 << low) & (-1 >>> (31 - high));
}

/** A later scan, one more bit of each AC coefficient (ITU-T T.81 §G.1.2.3). */
function progressiveMore(reader: BitReader, header: JpegScanHeader): BlockReader {
  const { component, ac } = header.parts[0];
  const { nonZero } = component;
  const isSet = (block: number, k: number) => (nonZero[2 * block + (k >> 5)] >>> (k & 31)) & 1;
  /** Coefficients from `k` on that have a bit in this scan: one each, whatever else the block has. */
  const setFrom = (block: number, k: number) =>
    bitsIn(nonZero[2 * block] & places(0, k, header.to)) +
    bitsIn(nonZero[2 * block + 1] & places(32, k, header.to));
  let endOfBlocks = 0;
  return {
    restart() {
      endOfBlocks = 0;
    },
    block(_, block) {
      if (ac === null) return true;
      let k = header.from;
      if (endOfBlocks === 0) {
        for (; k <= header.to; k++) {
          const symbol = reader.symbol(ac);
          let run = symbol >> 4;
          const size = symbol & 15;
          if (size > 1) return false;
          if (size === 1) reader.take(1);
          else if (run < 15) {
            endOfBlocks = (1 << run) + reader.take(run);
            break;
          }
          for (; k <= header.to; k++) {
            if (isSet(block, k) === 1) reader.take(1);
            else if (--run < 0) break;
          }
          if (size === 1) {
            if (k > header.to) return false;
            nonZero[2 * block + (k >> 5)] |= 1 << (k & 31);
          }
          if (reader.short) return true;
        }
      }
      if (endOfBlocks > 0) {
        // A run of thousands of blocks is a few bits of the file: each must not cost a walk over its places.
        for (let left = setFrom(block, k); left > 0; left -= 16) reader.take(Math.min(left, 16));
        endOfBlocks--;
      }
      return true;
    },
  };
}

/** The reader that fits the scan. */
export function blockReader(
  reader: BitReader,
  frame: JpegFrame,
  header: JpegScanHeader,
  steps: readonly number[],
): BlockReader {
  const dcs = new DcReader(frame, header, steps);
  if (!frame.progressive) return sequential(reader, header, dcs);
  if (header.from === 0) return progressiveDc(reader, header, dcs);
  return header.high === 0 ? progressiveFirst(reader, header) : progressiveMore(reader, header);
}
