import sharp, { type Metadata } from 'sharp';
import { decodePicture } from '../../picture/decode/decode.ts';
import { readExif } from './exif.ts';
import { jpegQuality } from './jpeg-quality.ts';

/** What a picture file is, apart from what it shows. */
export interface PictureFacts {
  readonly format: string;
  readonly bytes: number;
  /** Size in pixels, EXIF orientation applied. */
  readonly width: number;
  readonly height: number;
  readonly jpegQuality: number | null;
  readonly chroma: string | null;
  readonly camera: string | null;
  readonly software: string | null;
  readonly hasExif: boolean;
  readonly hasColourProfile: boolean;
  /** Difference hash of 128 bits, hexadecimal: {@link hashDistance} tells near-duplicates. */
  readonly hash: string;
}

const SIDE = 9;

/**
 * Difference hash: the picture shrunk to 9 x 9 grey; 64 bits for "brighter than the right neighbour", 64 for
 * "than the one below". Steady against scaling and compression.
 */
function differenceHash(grey: Uint8Array): string {
  let bits = '';
  for (const step of [1, SIDE]) {
    for (let y = 0; y < SIDE - 1; y++) {
      for (let x = 0; x < SIDE - 1; x++) {
        const at = y * SIDE + x;
        bits += grey[at] > grey[at + step] ? '1' : '0';
      }
    }
  }
  return (bits.match(/.{4}/g) ?? []).map((four) => Number.parseInt(four, 2).toString(16)).join('');
}

/** Of HEIC the image library may not know the codec: such a picture has no metadata here. */
async function metadataOf(bytes: Uint8Array, format: string): Promise<Metadata | null> {
  const metadata = sharp(bytes).metadata();
  return format === 'heif' ? metadata.catch(() => null) : metadata;
}

/**
 * Looks at a picture file.
 * @throws {Fault} `picture_unreadable` when it cannot be decoded.
 */
export async function pictureFacts(bytes: Uint8Array): Promise<PictureFacts> {
  const { data, width, height, format } = await decodePicture(bytes);
  const metadata = format === 'bmp' ? null : await metadataOf(bytes, format);
  const exif = readExif(metadata?.exif);
  const grey = await sharp(data, { raw: { width, height, channels: 3 } })
    .greyscale()
    .resize(SIDE, SIDE, { fit: 'fill', kernel: 'lanczos2' })
    .raw()
    .toBuffer();
  const camera = [exif.make, exif.model].filter((text) => text !== null).join(' ');
  return {
    format,
    bytes: bytes.length,
    width,
    height,
    jpegQuality: jpegQuality(bytes),
    chroma: metadata?.chromaSubsampling ?? null,
    camera: camera === '' ? null : camera,
    software: exif.software,
    hasExif: metadata?.exif !== undefined,
    hasColourProfile: metadata?.icc !== undefined,
    hash: differenceHash(grey),
  };
}
