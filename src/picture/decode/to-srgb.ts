import sharp from 'sharp';
import type { RgbPicture } from '../../liveness/types.ts';
import { isPlainProfile } from './colour-profile.ts';

let displayP3: Promise<Uint8Array | undefined> | undefined;

/** The image library's own profile of Display P3, taken out of a picture that it writes. */
function p3Profile(): Promise<Uint8Array | undefined> {
  displayP3 ??= sharp({ create: { width: 1, height: 1, channels: 3, background: 'black' } })
    .withIccProfile('p3')
    .png()
    .toBuffer()
    .then(async (png) => (await sharp(png).metadata()).icc);
  return displayP3;
}

/** TIFF 6.0 field types: bytes, texts, 16 and 32 bits; undefined bytes. */
const SHORT = 3;
const LONG = 4;
const UNDEFINED = 7;

/**
 * Pixels and their profile as an uncompressed TIFF, the simplest file that the image library reads both from.
 */
function asTiff({ width, height, data }: RgbPicture, icc: Uint8Array): Buffer {
  const fields = 10;
  const bitsAt = 8 + 2 + fields * 12 + 4;
  const iccAt = bitsAt + 8;
  const pixelsAt = iccAt + icc.length + (icc.length & 1);
  const head = Buffer.alloc(pixelsAt);
  head.write('II*\0', 0, 'latin1');
  head.writeUInt32LE(8, 4);
  head.writeUInt16LE(fields, 8);
  const rows: readonly (readonly [tag: number, type: number, count: number, value: number])[] = [
    [256, LONG, 1, width],
    [257, LONG, 1, height],
    [258, SHORT, 3, bitsAt],
    [259, SHORT, 1, 1],
    [262, SHORT, 1, 2],
    [273, LONG, 1, pixelsAt],
    [277, SHORT, 1, 3],
    [278, LONG, 1, height],
    [279, LONG, 1, data.length],
    [34_675, UNDEFINED, icc.length, iccAt],
  ];
  rows.forEach(([tag, type, count, value], row) => {
    const at = 10 + row * 12;
    head.writeUInt16LE(tag, at);
    head.writeUInt16LE(type, at + 2);
    head.writeUInt32LE(count, at + 4);
    head.writeUInt32LE(value, at + 8);
  });
  for (let channel = 0; channel < 3; channel++) head.writeUInt16LE(8, bitsAt + channel * 2);
  head.set(icc, iccAt);
  return Buffer.concat([head, data]);
}

/**
 * The picture in sRGB, out of Display P3 or by an ICC profile. A profile that is broken, or could keep the
 * library busy, is left aside as in other formats: the pixels are then taken as sRGB.
 */
export async function toSrgb(
  picture: RgbPicture,
  colour: { readonly kind: 'srgb' | 'p3' } | { readonly kind: 'icc'; readonly profile: Uint8Array },
): Promise<RgbPicture> {
  if (colour.kind === 'srgb') return picture;
  const icc = colour.kind === 'icc' ? colour.profile : await p3Profile();
  if (icc === undefined || !isPlainProfile(icc)) return picture;
  try {
    const { data, info } = await sharp(asTiff(picture, icc), { limitInputPixels: false })
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    return info.channels === 3 ? { width: info.width, height: info.height, data } : picture;
  } catch {
    return picture;
  }
}
