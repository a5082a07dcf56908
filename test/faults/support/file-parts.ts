import { crc32, deflateSync } from 'node:zlib';

/** Two bytes, most significant first. */
export function u16(value: number): Buffer {
  return Buffer.from([(value >> 8) & 255, value & 255]);
}

/** Four bytes, most significant first. */
export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

/** A JPEG segment with its length. */
export function segment(marker: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0xff, marker]), u16(content.length + 2), content]);
}

export const jpegStart = Buffer.from([0xff, 0xd8]);
export const jpegEnd = Buffer.from([0xff, 0xd9]);

/** Frame header of a JPEG (`sof` 0xc0 baseline, 0xc2 progressive) with one component or three. */
export function jpegFrame(sof: number, width: number, height: number, components = 1): Buffer {
  const each = Array.from({ length: components }, (_, at) => [at + 1, 0x11, 0]).flat();
  return segment(
    sof,
    Buffer.concat([Buffer.from([8]), u16(height), u16(width), Buffer.from([components, ...each])]),
  );
}

/** One table of each kind; every code is one bit long. */
export function jpegTables(acSymbol: number): Buffer {
  const counts = [1, ...Array<number>(15).fill(0)];
  return Buffer.concat([
    segment(0xdb, Buffer.concat([Buffer.from([0]), Buffer.alloc(64, 1)])),
    segment(0xc4, Buffer.from([0x00, ...counts, 0])),
    segment(0xc4, Buffer.from([0x10, ...counts, acSymbol])),
  ]);
}

/** A scan of the first component, coefficients `from` to `to`. */
export function jpegScan(from: number, to: number, approximation: number, data: Buffer): Buffer {
  return Buffer.concat([segment(0xda, Buffer.from([1, 1, 0, from, to, approximation])), data]);
}

/**
 * A lawful progressive JPEG that sends each coefficient bit by bit, in as many scans as wanted (886 at most). A scan says
 * "nothing here" for 32 767 blocks in two bytes, and the decoder passes over all of them.
 */
export function manyScans(width: number, height: number, scans: number): Buffer {
  const blocks = Math.ceil(width / 8) * Math.ceil(height / 8);
  // The code's bit 0 and 14 bits 1 for each run of 2^15 - 1 blocks; then ones, with 0xff stuffed.
  const bits = `0${'1'.repeat(14)}`.repeat(Math.ceil(blocks / 32_767));
  const nothing: number[] = [];
  for (let at = 0; at < bits.length; at += 8) {
    const byte = Number.parseInt(bits.slice(at, at + 8).padEnd(8, '1'), 2);
    nothing.push(byte);
    if (byte === 0xff) nothing.push(0);
  }
  const parts = [jpegStart, jpegFrame(0xc2, width, height), jpegTables(0xe0)];
  parts.push(jpegScan(0, 0, 0, Buffer.alloc(Math.ceil(blocks / 8))));
  let left = scans - 1;
  for (let coefficient = 1; coefficient < 64; coefficient++) {
    for (let bit = 13; bit >= 0 && left > 0; bit--, left--) {
      const approximation = bit === 13 ? 13 : ((bit + 1) << 4) | bit;
      parts.push(jpegScan(coefficient, coefficient, approximation, Buffer.from(nothing)));
    }
  }
  return Buffer.concat([...parts, jpegEnd]);
}

export const pngStart = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** A PNG chunk with its checksum. */
export function chunk(type: string, content: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), content]);
  return Buffer.concat([u32(content.length), named, u32(crc32(named))]);
}

/** A PNG's first chunk. `colour` 0 grey, 2 RGB, 3 palette, 6 RGB and alpha. */
export function pngHeader(width: number, height: number, depth = 8, colour = 2, interlaced = 0): Buffer {
  return chunk(
    'IHDR',
    Buffer.concat([u32(width), u32(height), Buffer.from([depth, colour, 0, 0, interlaced])]),
  );
}

/** A whole PNG of zeros, with further chunks before the pixels. */
export function blankPng(width: number, height: number, ...before: Buffer[]): Buffer {
  const pixels = chunk('IDAT', deflateSync(Buffer.alloc((width * 3 + 1) * height)));
  return Buffer.concat([
    pngStart,
    pngHeader(width, height),
    ...before,
    pixels,
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** A RIFF file of the WebP kind. */
export function webp(...chunks: [type: string, content: Buffer][]): Buffer {
  const body = Buffer.concat(
    chunks.map(([type, content]) => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(content.length);
      return Buffer.concat([Buffer.from(type, 'latin1'), length, content, Buffer.alloc(content.length & 1)]);
    }),
  );
  const length = Buffer.alloc(4);
  length.writeUInt32LE(body.length + 4);
  return Buffer.concat([Buffer.from('RIFF'), length, Buffer.from('WEBP'), body]);
}

/** A BMP's headers (40 bytes of the second one) and as many pixel bytes as wanted. */
export function bmp(width: number, height: number, bits: number, pixelBytes: number): Buffer {
  const palette = bits <= 8 ? (1 << bits) * 4 : 0;
  const bytes = Buffer.alloc(54 + palette + pixelBytes);
  bytes.write('BM', 'latin1');
  bytes.writeUInt32LE(bytes.length, 2);
  bytes.writeUInt32LE(54 + palette, 10);
  bytes.writeUInt32LE(40, 14);
  bytes.writeInt32LE(width, 18);
  bytes.writeInt32LE(height, 22);
  bytes.writeUInt16LE(1, 26);
  bytes.writeUInt16LE(bits, 28);
  return bytes;
}

/**
 * A colour profile whose way from device to connection space is a chain of matrices, each entry of the chain pointing at
 * the same few bytes: eight bytes of file a calculation.
 */
export function calculatingProfile(steps: number): Buffer {
  const matrix = Buffer.alloc(12 + 12 * 4);
  matrix.write('matf', 'latin1');
  matrix.writeUInt16BE(3, 8);
  matrix.writeUInt16BE(3, 10);
  for (const at of [0, 4, 8]) matrix.writeFloatBE(1, 12 + at * 4);
  const positions = Buffer.concat(
    Array<Buffer>(steps).fill(Buffer.concat([u32(16 + 8 * steps), u32(matrix.length)])),
  );
  const chain = Buffer.concat([
    Buffer.from('mpet\0\0\0\0\0\x03\0\x03', 'latin1'),
    u32(steps),
    positions,
    matrix,
  ]);
  const white = Buffer.concat([
    Buffer.from('XYZ \0\0\0\0', 'latin1'),
    u32(0xf6d6),
    u32(0x10000),
    u32(0xd32d),
  ]);
  const tags: [string, Buffer][] = [
    ['D2B0', chain],
    ['A2B0', white],
    ['wtpt', white],
  ];
  const header = Buffer.alloc(128 + 4 + tags.length * 12);
  header.writeUInt32BE(0x04400000, 8);
  header.write('mntrRGB XYZ ', 12, 'latin1');
  header.write('acsp', 36, 'latin1');
  [0xf6d6, 0x10000, 0xd32d].forEach((value, at) => void header.writeUInt32BE(value, 68 + at * 4));
  header.writeUInt32BE(tags.length, 128);
  let end = header.length;
  tags.forEach(([name, content], at) => {
    header.write(name, 132 + at * 12, 'latin1');
    header.writeUInt32BE(end, 136 + at * 12);
    header.writeUInt32BE(content.length, 140 + at * 12);
    end += content.length;
  });
  header.writeUInt32BE(end, 0);
  return Buffer.concat([header, ...tags.map(([, content]) => content)]);
}
