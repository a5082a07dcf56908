import { encode } from 'fast-bmp';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fault } from '../../faults.ts';
import { gradient } from '../test-support/made.ts';
import { decodeBmp, readBmpHeader } from './bmp.ts';
import { decodePicture } from './decode.ts';

interface Made {
  readonly width: number;
  readonly height: number;
  readonly bits: number;
  readonly rows: readonly (readonly number[])[];
  readonly palette?: readonly (readonly [number, number, number])[];
  readonly compression?: number;
  readonly masks?: readonly number[];
  readonly topDown?: boolean;
}

/** Writes a BMP by hand: `rows` hold the bytes of each row from the top, without padding. */
function makeBmp({
  width,
  height,
  bits,
  rows,
  palette = [],
  compression = 0,
  masks = [],
  topDown,
}: Made): Buffer {
  const rowBytes = Math.floor((bits * width + 31) / 32) * 4;
  const offset = 54 + masks.length * 4 + palette.length * 4;
  const bytes = Buffer.alloc(offset + rowBytes * height);
  bytes.write('BM');
  bytes.writeUInt32LE(bytes.length, 2);
  bytes.writeUInt32LE(offset, 10);
  bytes.writeUInt32LE(40, 14);
  bytes.writeInt32LE(width, 18);
  bytes.writeInt32LE(topDown ? -height : height, 22);
  bytes.writeUInt16LE(1, 26);
  bytes.writeUInt16LE(bits, 28);
  bytes.writeUInt32LE(compression, 30);
  bytes.writeUInt32LE(palette.length, 46);
  masks.forEach((m, i) => {
    bytes.writeUInt32LE(m, 54 + i * 4);
  });
  palette.forEach(([r, g, b], i) => {
    bytes.set([b, g, r, 0], 54 + masks.length * 4 + i * 4);
  });
  rows.forEach((row, y) => {
    bytes.set(row, offset + (topDown ? y : height - 1 - y) * rowBytes);
  });
  return bytes;
}

const pixels = (bytes: Uint8Array) => Array.from(decodeBmp(bytes).data);
const refusal = (bytes: Uint8Array) => {
  try {
    decodeBmp(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(Fault);
    expect((error as Fault).kind).toBe('picture_unreadable');
    return (error as Fault).reason;
  }
  return 'accepted';
};

describe('decodeBmp', () => {
  it('reads what another encoder writes, at any size', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 40 }), (width, height) => {
        const picture = gradient(width, height);
        const bytes = encode({
          width,
          height,
          data: picture.data,
          bitsPerPixel: 24,
          components: 3,
          channels: 3,
        });
        expect(decodeBmp(bytes)).toEqual(picture);
      }),
    );
  });

  it('reads 1, 4 and 8 bits through the palette, odd widths included', () => {
    const palette = [
      [0, 0, 0],
      [255, 0, 0],
      [0, 255, 0],
      [9, 8, 7],
    ] as const;
    expect(
      pixels(makeBmp({ width: 3, height: 1, bits: 1, rows: [[0b01000000]], palette: palette.slice(0, 2) })),
    ).toEqual([0, 0, 0, 255, 0, 0, 0, 0, 0]);
    expect(
      pixels(
        makeBmp({
          width: 3,
          height: 2,
          bits: 4,
          rows: [
            [0x12, 0x30],
            [0x33, 0x10],
          ],
          palette,
        }),
      ),
    ).toEqual([255, 0, 0, 0, 255, 0, 9, 8, 7, 9, 8, 7, 9, 8, 7, 255, 0, 0]);
    expect(pixels(makeBmp({ width: 2, height: 1, bits: 8, rows: [[3, 1]], palette }))).toEqual([
      9, 8, 7, 255, 0, 0,
    ]);
  });

  it('reads 16 bits (5-5-5 and masked 5-6-5) and 32 bits (plain and masked)', () => {
    expect(pixels(makeBmp({ width: 1, height: 1, bits: 16, rows: [[0x1f, 0x7c]] }))).toEqual([255, 0, 255]);
    const masks565 = [0xf800, 0x07e0, 0x001f];
    expect(
      pixels(
        makeBmp({ width: 1, height: 1, bits: 16, rows: [[0xe0, 0x07]], compression: 3, masks: masks565 }),
      ),
    ).toEqual([0, 255, 0]);
    expect(pixels(makeBmp({ width: 1, height: 1, bits: 32, rows: [[1, 2, 3, 4]] }))).toEqual([3, 2, 1]);
    const rgba = [0xff000000, 0x00ff0000, 0x0000ff00];
    expect(
      pixels(makeBmp({ width: 1, height: 1, bits: 32, rows: [[4, 3, 2, 1]], compression: 3, masks: rgba })),
    ).toEqual([1, 2, 3]);
  });

  it('reads top-down rows, and an OS/2 header', () => {
    const rows = [
      [3, 2, 1],
      [6, 5, 4],
    ];
    expect(pixels(makeBmp({ width: 1, height: 2, bits: 24, rows, topDown: true }))).toEqual([
      1, 2, 3, 4, 5, 6,
    ]);
    const core = Buffer.alloc(26 + 4);
    core.write('BM');
    core.writeUInt32LE(26, 10);
    core.writeUInt32LE(12, 14);
    core.writeUInt16LE(1, 18);
    core.writeUInt16LE(1, 20);
    core.writeUInt16LE(1, 22);
    core.writeUInt16LE(24, 24);
    core.set([3, 2, 1], 26);
    expect(pixels(core)).toEqual([1, 2, 3]);
  });

  it('refuses what is cut off, contradictory or compressed, and says which', () => {
    const good = { width: 2, height: 2, bits: 24, rows: [] } as const;
    const bytes = makeBmp(good);
    for (let n = 2; n < bytes.length; n++) expect(refusal(bytes.subarray(0, n))).toBe('truncated');
    expect(refusal(makeBmp({ ...good, width: 0 }))).toBe('empty');
    expect(refusal(makeBmp({ ...good, bits: 8, compression: 1 }))).toBe('unsupported');
    expect(refusal(makeBmp({ ...good, bits: 7 }))).toBe('unsupported');
    expect(refusal(makeBmp({ ...good, bits: 16, compression: 3, masks: [0, 1, 2] }))).toBe('corrupt');
    expect(refusal(makeBmp({ ...good, bits: 8, rows: [[9, 9]], palette: [[1, 2, 3]] }))).toBe('corrupt');
    const header = Buffer.from(bytes);
    header.writeUInt32LE(300, 14);
    expect(refusal(header)).toBe('unsupported');
    const early = Buffer.from(bytes);
    early.writeUInt32LE(0, 10);
    expect(refusal(early)).toBe('corrupt');
    const many = makeBmp({ ...good, bits: 1, palette: [[0, 0, 0]] });
    many.writeUInt32LE(70, 46);
    expect(refusal(many)).toBe('corrupt');
  });

  it('never does anything but decode or refuse, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 0, maxLength: 120 }), (tail) => {
        const bytes = Buffer.concat([Buffer.from('BM'), tail]);
        try {
          const header = readBmpHeader(bytes);
          if (header.width * header.height < 1e6) decodeBmp(bytes, header);
        } catch (error) {
          expect(error).toBeInstanceOf(Fault);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('has the same limits as other pictures', async () => {
    const huge = makeBmp({ width: 1, height: 1, bits: 24, rows: [[1, 2, 3]] });
    huge.writeInt32LE(30_000, 18);
    await expect(decodePicture(huge)).rejects.toMatchObject({
      kind: 'picture_too_large',
      reason: 'too_many_pixels',
    });
    const picture = await decodePicture(makeBmp({ width: 1, height: 1, bits: 24, rows: [[3, 2, 1]] }));
    expect(picture).toMatchObject({ width: 1, height: 1, format: 'bmp' });
  });
});
