import { crc32 } from 'node:zlib';
import { sha256Of } from '../reuse.ts';
import type { BatchRow } from '../types.ts';

/** A row, with what matters to a test changed. */
export function madeRow(change: Partial<BatchRow> & { readonly key: string }): BatchRow {
  return {
    picture: change.key,
    sha256: sha256Of(Buffer.from(change.key)),
    sameAs: null,
    code: 0,
    failure: null,
    message: 'OK',
    verdict: 'live',
    score: 95,
    review: false,
    rawScore: 95,
    liveProbability: 0.9,
    threshold: 87,
    profile: 'fast',
    faceCount: 1,
    width: 300,
    height: 400,
    box: [10, 20, 110, 150],
    reasons: [],
    quality: { Sharpness: 100 },
    ...change,
  };
}

/** What may be odd about an entry of a zip. */
export interface ZipOddities {
  /** General purpose flags; 0x0800, the name is UTF-8, where nothing is said. */
  readonly flags?: number;
  /** The checksum that is written; that of the content where nothing is said. */
  readonly crc?: number;
  /** A field of the directory: its id and what is in it. */
  readonly extra?: readonly [id: number, data: Uint8Array];
}

/** An entry of a zip; a name may be bytes of any encoding. */
export type ZipEntry = readonly [name: string | Uint8Array, content: Uint8Array, odd?: ZipOddities];

/** A zip of stored (not compressed) entries, by the format's own rules (APPNOTE.TXT 4.3). */
export function madeZip(entries: readonly ZipEntry[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const [name, content, odd = {}] of entries) {
    const text = Buffer.from(name as string);
    const extra = Buffer.concat([
      Buffer.alloc(odd.extra === undefined ? 0 : 4),
      odd.extra?.[1] ?? Buffer.alloc(0),
    ]);
    if (odd.extra !== undefined) {
      extra.writeUInt16LE(odd.extra[0], 0);
      extra.writeUInt16LE(odd.extra[1].length, 2);
    }
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(odd.flags ?? 0x0800, 2);
    common.writeUInt32LE(odd.crc ?? crc32(content), 10);
    common.writeUInt32LE(content.length, 14);
    common.writeUInt32LE(content.length, 18);
    common.writeUInt16LE(text.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), common, text, content]);
    const central = Buffer.alloc(16);
    central.writeUInt32LE(at, 12);
    directory.push(
      Buffer.concat([
        Buffer.from('PK\x01\x02', 'latin1'),
        Buffer.from([20, 0]),
        common.subarray(0, 24),
        Buffer.from([extra.length, 0]),
        central.subarray(2),
        text,
        extra,
      ]),
    );
    parts.push(local);
    at += local.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, central, end]);
}
