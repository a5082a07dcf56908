import { type HuffmanReader, type HuffmanTable, HuffmanReader as Reader } from './bits.ts';

/** One colour component of a JPEG and what its scans have brought so far. */
export interface JpegComponent {
  readonly id: number;
  /** Blocks of 8 x 8 an MCU, across and down. */
  readonly h: number;
  readonly v: number;
  readonly quantizer: number;
  /** Blocks that hold pixels. */
  readonly blocksAcross: number;
  readonly blocksDown: number;
  /** Blocks a row, those that fill up the last MCU included. */
  readonly stride: number;
  readonly rows: number;
  /** By coefficient in zigzag order: the bit that the scans have come down to, 255 where none has come. */
  readonly lowestBit: Uint8Array;
  /** Two words a block, a bit for each coefficient that is not zero; for progressive pictures alone. */
  readonly nonZero: Uint32Array;
}

/** What a JPEG's frame header says (ITU-T T.81 §B.2.2). */
export interface JpegFrame {
  readonly progressive: boolean;
  /** Bits a sample. */
  readonly precision: number;
  readonly mcusAcross: number;
  readonly mcusDown: number;
  readonly components: readonly JpegComponent[];
}

/** Tables that stand in front of the scans. */
export interface JpegTables {
  readonly dc: (HuffmanTable | undefined)[];
  readonly ac: (HuffmanTable | undefined)[];
  /** By table: the step of the DC coefficient. */
  readonly dcStep: number[];
  restartInterval: number;
}

/** One scan's header (ITU-T T.81 §B.2.3). */
export interface JpegScanHeader {
  readonly parts: readonly {
    readonly component: JpegComponent;
    readonly dc: HuffmanReader | null;
    readonly ac: HuffmanReader | null;
  }[];
  /** First and last coefficient, in zigzag order. */
  readonly from: number;
  readonly to: number;
  /** The bit that earlier scans had come down to (0: none), and the one that this scan comes down to. */
  readonly high: number;
  readonly low: number;
}

const counts = (text: string) => Uint8Array.from(text.split(' '), Number);

/** Symbols of T.81 tables K.5 and K.6, by rows of their run. */
function acSymbols(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, 'hex'));
}

/**
 * The tables of T.81 §K.3, which decoders take where a file has none (frames of motion JPEG): luminance,
 * chrominance.
 */
export const TYPICAL_DC: readonly HuffmanTable[] = [
  {
    counts: counts('0 1 5 1 1 1 1 1 1 0 0 0 0 0 0 0'),
    symbols: Uint8Array.from({ length: 12 }, (_, i) => i),
  },
  {
    counts: counts('0 3 1 1 1 1 1 1 1 1 1 0 0 0 0 0'),
    symbols: Uint8Array.from({ length: 12 }, (_, i) => i),
  },
];

/** As {@link TYPICAL_DC}, for the other coefficients. */
export const TYPICAL_AC: readonly HuffmanTable[] = [
  {
    counts: counts('0 2 1 3 3 2 4 3 5 5 4 4 0 0 1 125'),
    symbols: acSymbols(
      '01020300041105122131410613516107227114328191a1082342b1c11552d1f02433627282090a161718191a25262728292a3435363738393a' +
        '434445464748494a535455565758595a636465666768696a737475767778797a838485868788898a92939495969798999aa2a3a4a5a6a7a8a9' +
        'aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae1e2e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8f9fa',
    ),
  },
  {
    counts: counts('0 2 1 2 4 4 3 4 7 5 4 4 0 1 2 119'),
    symbols: acSymbols(
      '000102031104052131061241510761711322328108144291a1b1c109233352f0156272d10a162434e125f11718191a262728292a3536373839' +
        '3a434445464748494a535455565758595a636465666768696a737475767778797a82838485868788898a92939495969798999aa2a3a4a5a6a7' +
        'a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae2e3e4e5e6e7e8e9eaf2f3f4f5f6f7f8f9fa',
    ),
  },
];

/** Tables before any segment has set one. */
export function typicalTables(): JpegTables {
  return { dc: [...TYPICAL_DC], ac: [...TYPICAL_AC], dcStep: [1, 1, 1, 1], restartInterval: 0 };
}

/** Reads a DHT segment's content into `tables`; false where it contradicts itself. */
export function readHuffman(segment: Uint8Array, tables: JpegTables): boolean {
  let at = 0;
  while (at + 17 <= segment.length) {
    const [kind, slot] = [segment[at] >> 4, segment[at] & 15];
    const lengths = segment.subarray(at + 1, at + 17);
    const total = lengths.reduce((sum, n) => sum + n, 0);
    let room = 0;
    for (const [i, n] of lengths.entries()) room += n / 2 ** (i + 1);
    at += 17 + total;
    if (kind > 1 || slot > 3 || total > 256 || room > 1 || at > segment.length) return false;
    const table = { counts: lengths, symbols: segment.subarray(at - total, at) };
    (kind === 0 ? tables.dc : tables.ac)[slot] = table;
  }
  return at === segment.length;
}

/** Reads the step of the DC coefficient out of a DQT segment's content. */
export function readQuantizers(segment: Uint8Array, tables: JpegTables): void {
  for (let at = 0; at < segment.length; ) {
    const wide = segment[at] >> 4 > 0;
    const step = wide ? (segment[at + 1] << 8) | segment[at + 2] : segment[at + 1];
    tables.dcStep[segment[at] & 3] = step;
    at += 1 + (wide ? 128 : 64);
  }
}

/** Reads a frame header's content; null where it contradicts itself, which is for the decoder to say. */
export function readFrame(segment: Uint8Array, progressive: boolean): JpegFrame | null {
  if (segment.length < 6) return null;
  const height = (segment[1] << 8) | segment[2];
  const width = (segment[3] << 8) | segment[4];
  const count = segment[5];
  if (height === 0 || width === 0 || count === 0 || count > 4 || segment.length < 6 + 3 * count) return null;
  const raw = Array.from({ length: count }, (_, i) => {
    const at = 6 + 3 * i;
    return { id: segment[at], h: segment[at + 1] >> 4, v: segment[at + 1] & 15, quantizer: segment[at + 2] };
  });
  if (raw.some(({ h, v }) => h < 1 || h > 4 || v < 1 || v > 4)) return null;
  const hMost = Math.max(...raw.map(({ h }) => h));
  const vMost = Math.max(...raw.map(({ v }) => v));
  const mcusAcross = Math.ceil(width / (8 * hMost));
  const mcusDown = Math.ceil(height / (8 * vMost));
  const components = raw.map((each) => {
    const [stride, rows] = [mcusAcross * each.h, mcusDown * each.v];
    return {
      ...each,
      blocksAcross: Math.ceil(Math.ceil((width * each.h) / hMost) / 8),
      blocksDown: Math.ceil(Math.ceil((height * each.v) / vMost) / 8),
      stride,
      rows,
      lowestBit: new Uint8Array(64).fill(255),
      nonZero: new Uint32Array(progressive ? 2 * stride * rows : 0),
    };
  });
  return { progressive, precision: segment[0], mcusAcross, mcusDown, components };
}

/** Reads a scan header's content; null where it contradicts the frame or a table is lacking. */
export function readScanHeader(
  segment: Uint8Array,
  frame: JpegFrame,
  tables: JpegTables,
): JpegScanHeader | null {
  const count = segment[0];
  if (segment.length < 4 + 2 * count || count < 1 || count > 4) return null;
  const [from, to, bits] = segment.subarray(1 + 2 * count);
  const [first, last] = frame.progressive ? [from, to] : [0, 63];
  const [high, low] = frame.progressive ? [bits >> 4, bits & 15] : [0, 0];
  if (
    first > last ||
    last > 63 ||
    (first > 0 && count > 1) ||
    (frame.progressive && first === 0 && last > 0)
  ) {
    return null;
  }
  const needsDc = first === 0 && high === 0;
  const needsAc = last > 0;
  const parts: { component: JpegComponent; dc: HuffmanReader | null; ac: HuffmanReader | null }[] = [];
  for (let i = 0; i < count; i++) {
    const id = segment[1 + 2 * i];
    const component = frame.components.find((c) => c.id === id);
    const dc = tables.dc[segment[2 + 2 * i] >> 4];
    const ac = tables.ac[segment[2 + 2 * i] & 15];
    if (component === undefined || (needsDc && dc === undefined) || (needsAc && ac === undefined))
      return null;
    parts.push({
      component,
      dc: needsDc && dc !== undefined ? new Reader(dc) : null,
      ac: needsAc && ac !== undefined ? new Reader(ac) : null,
    });
  }
  if (new Set(parts.map((p) => p.component)).size !== count) return null;
  return { parts, from: first, to: last, high, low };
}
