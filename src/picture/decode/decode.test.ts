import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { Fault } from '../../faults.ts';
import { turnClockwise } from '../../liveness/resample.ts';
import type { RgbPicture } from '../../liveness/types.ts';
import { asSharp, difference, gradient } from '../test-support/made.ts';
import { DEFAULT_LIMITS, decodePicture } from './decode.ts';

const picture = gradient(96, 64);
const jpeg = (progressive = false) =>
  asSharp(picture).jpeg({ quality: 100, chromaSubsampling: '4:4:4', progressive }).toBuffer();

async function refusal(bytes: Uint8Array, limits = DEFAULT_LIMITS): Promise<Fault> {
  const error = await decodePicture(bytes, limits).then(
    () => new Error('was accepted'),
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(Fault);
  expect((error as Fault).area).toBe('picture');
  return error as Fault;
}

function greyOf(p: RgbPicture): boolean {
  for (let i = 0; i < p.data.length; i += 3) {
    if (p.data[i] !== p.data[i + 1] || p.data[i] !== p.data[i + 2]) return false;
  }
  return true;
}

describe('decodePicture', () => {
  const coloured: [string, () => Promise<Buffer>, number][] = [
    ['JPEG', () => jpeg(), 4],
    ['progressive JPEG', () => jpeg(true), 4],
    ['PNG', () => asSharp(picture).png().toBuffer(), 0],
    ['interlaced PNG', () => asSharp(picture).png({ progressive: true }).toBuffer(), 0],
    ['lossless WebP', () => asSharp(picture).webp({ lossless: true }).toBuffer(), 0],
    ['16-bit PNG', () => asSharp(picture).toColourspace('rgb16').png().toBuffer(), 0],
    ['PNG with alpha (dropped, not blended)', () => asSharp(picture).ensureAlpha(0.3).png().toBuffer(), 0],
    [
      'fully transparent WebP',
      () => asSharp(picture).ensureAlpha(0).webp({ lossless: true, exact: true }).toBuffer(),
      0,
    ],
    ['PNG in Display P3', () => asSharp(picture).withIccProfile('p3').png().toBuffer(), 8],
    [
      '16-bit PNG in Display P3',
      () => asSharp(picture).toColourspace('rgb16').withIccProfile('p3').png().toBuffer(),
      8,
    ],
  ];
  it.each(coloured)('gives the pixels of a %s as sRGB', async (_, encode, tolerance) => {
    const decoded = await decodePicture(await encode());
    expect([decoded.width, decoded.height, decoded.data.length]).toEqual([96, 64, 96 * 64 * 3]);
    expect(difference(decoded, picture).max).toBeLessThanOrEqual(tolerance);
  });

  it('converts wide-gamut pixels: raw P3 values differ, decoded ones do not', async () => {
    const bytes = await asSharp(picture).withIccProfile('p3').png().toBuffer();
    const raw = await sharp(bytes, { ignoreIcc: true }).raw().toBuffer();
    expect(difference({ ...picture, data: raw }, picture).mean).toBeGreaterThan(2);
    expect(difference(await decodePicture(bytes), picture).mean).toBeLessThan(1);
  });

  it('takes the pixels as sRGB when the colour profile is broken', async () => {
    const bytes = Buffer.from(await asSharp(picture).withIccProfile('p3').jpeg().toBuffer());
    const profile = bytes.indexOf('ICC_PROFILE') + 14;
    for (let i = profile; i < profile + 200; i++) bytes[i] = (i * 37) & 255;
    const decoded = await decodePicture(bytes);
    expect([decoded.width, decoded.height]).toEqual([96, 64]);
  });

  it.each([
    ['grey PNG', () => asSharp(picture).toColourspace('b-w').png().toBuffer()],
    ['grey JPEG', () => asSharp(picture).toColourspace('b-w').jpeg().toBuffer()],
    ['16-bit grey PNG', () => asSharp(picture).toColourspace('grey16').png().toBuffer()],
    ['grey PNG with alpha', () => asSharp(picture).toColourspace('b-w').ensureAlpha(0.5).png().toBuffer()],
  ])('copies the channel of a %s three times', async (_, encode) => {
    const decoded = await decodePicture(await encode());
    expect(decoded.data.length).toBe(96 * 64 * 3);
    expect(greyOf(decoded)).toBe(true);
    expect(new Set(decoded.data).size).toBeGreaterThan(20);
  });

  it('converts CMYK', async () => {
    const decoded = await decodePicture(
      await asSharp(picture).toColourspace('cmyk').jpeg({ quality: 100 }).toBuffer(),
    );
    // CMYK holds fewer colours: near, not equal.
    expect(difference(decoded, picture).mean).toBeLessThan(25);
    expect(greyOf(decoded)).toBe(false);
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])('applies EXIF orientation %i', async (orientation) => {
    const stored = await asSharp(picture)
      .withMetadata({ orientation })
      .jpeg({ quality: 100, chromaSubsampling: '4:4:4' })
      .toBuffer();
    const decoded = await decodePicture(stored);
    const mirrored = (p: RgbPicture): RgbPicture => {
      const data = new Uint8Array(p.data.length);
      for (let y = 0; y < p.height; y++) {
        for (let x = 0; x < p.width; x++) {
          const s = (y * p.width + (p.width - 1 - x)) * 3;
          data.set(p.data.subarray(s, s + 3), (y * p.width + x) * 3);
        }
      }
      return { ...p, data };
    };
    // TIFF 6.0, tag 274: what has to be done to the stored rows to see the scene upright.
    const turns = [0, 0, 2, 2, 1, 1, 3, 3][orientation - 1];
    const mirror = [2, 4, 5, 7].includes(orientation);
    const turned = turnClockwise(picture, turns);
    const expected = mirror ? mirrored(turned) : turned;
    expect([decoded.width, decoded.height]).toEqual([expected.width, expected.height]);
    expect(difference(decoded, expected).max).toBeLessThanOrEqual(4);
  });

  it.each([
    ['GIF', 'unsupported', () => asSharp(picture).gif().toBuffer()],
    ['TIFF', 'unsupported', () => asSharp(picture).tiff().toBuffer()],
    [
      'SVG',
      'unsupported',
      async () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'),
    ],
    ['PDF', 'unsupported', async () => Buffer.from('%PDF-1.7\n')],
    ['text', 'not_an_image', async () => Buffer.from('hello')],
    ['nothing', 'empty', async () => Buffer.alloc(0)],
  ])('refuses %s by content', async (_, reason, encode) => {
    expect((await refusal(await encode())).reason).toBe(reason);
  });

  it('refuses an animated WebP', async () => {
    const frames = Buffer.concat([picture.data, turnClockwise(picture, 2).data]);
    const animated = await sharp(frames, { raw: { width: 96, height: 128, channels: 3, pageHeight: 64 } })
      .webp({ loop: 0 })
      .toBuffer();
    expect((await refusal(animated)).reason).toBe('animated');
  });

  it.each([
    ['JPEG', () => jpeg()],
    ['progressive JPEG', () => jpeg(true)],
    ['PNG', () => asSharp(picture).png().toBuffer()],
    ['lossy WebP', () => asSharp(picture).webp().toBuffer()],
    ['lossless WebP', () => asSharp(picture).webp({ lossless: true }).toBuffer()],
  ])('refuses a %s cut off at any percent, and one byte short', async (_, encode) => {
    const whole = await encode();
    await decodePicture(whole);
    for (let percent = 1; percent < 100; percent++) {
      await refusal(whole.subarray(0, Math.floor((whole.length * percent) / 100)));
    }
    expect((await refusal(whole.subarray(0, whole.length - 1))).reason).toBe('truncated');
  });

  it('accepts a JPEG with bytes behind its end, as phones append', async () => {
    const decoded = await decodePicture(Buffer.concat([await jpeg(), Buffer.alloc(500, 7)]));
    expect(decoded.width).toBe(96);
  });

  it('checks bytes, sides and pixels before it decodes', async () => {
    const bytes = await jpeg();
    expect((await refusal(bytes, { ...DEFAULT_LIMITS, bytes: bytes.length - 1 })).reason).toBe('too_large');
    expect((await refusal(bytes, { ...DEFAULT_LIMITS, side: 95 })).reason).toBe('too_many_pixels');
    expect((await refusal(bytes, { ...DEFAULT_LIMITS, pixels: 96 * 64 - 1 })).reason).toBe('too_many_pixels');
    await decodePicture(bytes, { bytes: bytes.length, side: 96, pixels: 96 * 64 });
  });

  it('refuses a header that promises 65 500 x 65 500 pixels without decoding it', async () => {
    const bytes = Buffer.from(await jpeg());
    const frame = bytes.indexOf(Buffer.from([0xff, 0xc0]));
    bytes.writeUInt16BE(65_500, frame + 5);
    bytes.writeUInt16BE(65_500, frame + 7);
    expect((await refusal(bytes)).reason).toBe('too_many_pixels');
  });
});
