import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { withoutMetadata } from './jpeg.ts';

const strip = (bytes: Uint8Array) => Buffer.concat(withoutMetadata(new Uint8Array(bytes)));

describe('a JPEG without metadata', () => {
  it('has neither EXIF nor XMP nor comments, keeps its colour profile, and decodes to the same pixels', async () => {
    const jpeg = await sharp({ create: { width: 32, height: 24, channels: 3, background: '#4080c0' } })
      .withExif({ IFD0: { Artist: 'somebody' } })
      .withXmp('<x:xmpmeta xmlns:x="adobe:ns:meta/"/>')
      .withIccProfile('p3')
      .jpeg()
      .toBuffer();
    const before = await sharp(jpeg).metadata();
    expect([typeof before.exif, typeof before.xmp, typeof before.icc]).toEqual([
      'object',
      'object',
      'object',
    ]);
    const comment = Buffer.from([0xff, 0xfe, 0, 6, 1, 2, 3, 4]);
    const stripped = strip(Buffer.concat([jpeg.subarray(0, 2), comment, jpeg.subarray(2)]));
    const after = await sharp(stripped).metadata();
    expect([after.exif, after.xmp, after.comments, typeof after.icc]).toEqual([
      undefined,
      undefined,
      undefined,
      'object',
    ]);
    expect(await sharp(stripped).raw().toBuffer()).toEqual(await sharp(jpeg).raw().toBuffer());
  });

  it('leaves alone what is no whole JPEG, and never adds a byte', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(strip(bytes).equals(Buffer.from(bytes))).toBe(
          bytes[0] !== 0xff || bytes[1] !== 0xd8 || strip(bytes).length === bytes.length,
        );
        expect(strip(Buffer.concat([Buffer.from([0xff, 0xd8]), bytes])).length).toBeLessThanOrEqual(
          bytes.length + 2,
        );
      }),
    );
  });
});
