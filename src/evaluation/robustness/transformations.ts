import sharp, { type Sharp } from 'sharp';
import { decodePicture } from '../../picture/decode/decode.ts';
import { sniffFormat } from '../../picture/decode/sniff.ts';
import { createRandom } from '../metrics/random.ts';

/** A change that a picture may go through on its way, and that should not change what is said of it. */
export interface Transformation {
  /** Family of a curve: `jpeg`, `scale`, `rotate`, … */
  readonly family: string;
  /** Short name of the step within its family. */
  readonly step: string;
  /**
   * Where the step stands on the family's axis; the picture as it is stands at `identity` of {@link
   * FAMILIES}.
   */
  readonly at: number;
  apply(bytes: Uint8Array): Promise<Uint8Array>;
}

/**
 * What the axis of a family counts, and where the untouched picture stands on it; null where it is no scale.
 */
export const FAMILIES: Readonly<Record<string, { readonly axis: string; readonly identity: number | null }>> =
  {
    jpeg: { axis: 'JPEG quality', identity: 100 },
    scale: { axis: 'scale factor', identity: 1 },
    tilt: { axis: 'rotation in degrees', identity: 0 },
    turn: { axis: 'quarter turns in degrees, pixels turned', identity: 0 },
    'turn-exif': { axis: 'quarter turns in degrees, EXIF says so', identity: 0 },
    brightness: { axis: 'brightness factor', identity: 1 },
    contrast: { axis: 'contrast factor', identity: 1 },
    blur: { axis: 'Gaussian blur, sigma in pixels', identity: 0 },
    noise: { axis: 'noise, standard deviation of 255', identity: 0 },
    crop: { axis: 'cropped to 3:4', identity: null },
    grey: { axis: 'without colour', identity: null },
  };

/** The picture as a file that the image library reads by itself: BMP, HEIC and AVIF become PNG. */
export async function plainFile(bytes: Uint8Array): Promise<Uint8Array> {
  if (!['bmp', 'heif', 'avif'].includes(sniffFormat(bytes))) return bytes;
  const { data, width, height } = await decodePicture(bytes);
  return lossless(fromRaw(data, width, height));
}

/** Upright sRGB without colour profile. */
const upright = (bytes: Uint8Array): Sharp => sharp(bytes).autoOrient().removeAlpha().toColourspace('srgb');

/** Steps but `jpeg` write without loss, so that each shows one change alone. */
const lossless = (image: Sharp) => image.png({ compressionLevel: 1 }).toBuffer();

async function sized(bytes: Uint8Array): Promise<{ data: Buffer; width: number; height: number }> {
  const { data, info } = await upright(bytes).raw().toBuffer({ resolveWithObject: true });
  if (info.channels === 3) return { data, width: info.width, height: info.height };
  const rgb = Buffer.alloc(info.width * info.height * 3);
  for (let i = 0; i < info.width * info.height; i++) rgb.fill(data[i * info.channels], i * 3, i * 3 + 3);
  return { data: rgb, width: info.width, height: info.height };
}

const fromRaw = (data: Uint8Array, width: number, height: number) =>
  sharp(data, { raw: { width, height, channels: 3 } });

async function scaled(bytes: Uint8Array, factor: number): Promise<Uint8Array> {
  const { data, width, height } = await sized(bytes);
  const image = fromRaw(data, width, height).resize(
    Math.max(1, Math.round(width * factor)),
    Math.max(1, Math.round(height * factor)),
    { fit: 'fill', kernel: 'lanczos3' },
  );
  return lossless(image);
}

/**
 * Tilts by some degrees in a frame of the same size; corners are filled by mirroring, so that no border
 * appears.
 */
async function tilted(bytes: Uint8Array, degrees: number): Promise<Uint8Array> {
  const { data, width, height } = await sized(bytes);
  const margin = Math.min(Math.ceil(Math.max(width, height) * 0.1), width - 1, height - 1);
  const wide = await fromRaw(data, width, height)
    .extend({ top: margin, bottom: margin, left: margin, right: margin, extendWith: 'mirror' })
    .png({ compressionLevel: 1 })
    .toBuffer();
  const turned = await sharp(wide).rotate(degrees).png({ compressionLevel: 1 }).toBuffer();
  const size = await sharp(turned).metadata();
  return lossless(
    sharp(turned).extract({
      left: Math.round((size.width - width) / 2),
      top: Math.round((size.height - height) / 2),
      width,
      height,
    }),
  );
}

const EXIF_ORIENTATION: Readonly<Record<number, number>> = { 90: 8, 180: 3, 270: 6 };

/** Turns the pixels clockwise; with `tagged` the EXIF orientation tells how to turn them back. */
async function quarterTurned(bytes: Uint8Array, degrees: number, tagged: boolean): Promise<Uint8Array> {
  const { data, width, height } = await sized(bytes);
  const turned = await fromRaw(data, width, height)
    .rotate(degrees)
    .raw()
    .toBuffer({ resolveWithObject: true });
  const image = fromRaw(turned.data, turned.info.width, turned.info.height);
  if (!tagged) return lossless(image);
  return image
    .withMetadata({ orientation: EXIF_ORIENTATION[degrees] })
    .jpeg({ quality: 100, chromaSubsampling: '4:4:4' })
    .toBuffer();
}

async function noisy(bytes: Uint8Array, deviation: number): Promise<Uint8Array> {
  const { data, width, height } = await sized(bytes);
  const random = createRandom(Math.round(deviation * 1000) + width * 31 + height);
  const out = Buffer.from(data);
  for (let i = 0; i < out.length; i++) {
    out[i] = Math.min(255, Math.max(0, Math.round(out[i] + deviation * random.normal())));
  }
  return lossless(fromRaw(out, width, height));
}

/** The largest 3:4 (upright) part from the middle. */
async function cropped(bytes: Uint8Array): Promise<Uint8Array> {
  const { data, width, height } = await sized(bytes);
  const w = Math.max(1, Math.min(width, Math.round((height * 3) / 4)));
  const h = Math.max(1, Math.min(height, Math.round((width * 4) / 3)));
  return lossless(
    fromRaw(data, width, height).extract({
      left: Math.floor((width - w) / 2),
      top: Math.floor((height - h) / 2),
      width: w,
      height: h,
    }),
  );
}

const steps = (
  family: string,
  values: readonly number[],
  apply: (bytes: Uint8Array, value: number) => Promise<Uint8Array>,
): Transformation[] =>
  values.map((at) => ({ family, step: String(at), at, apply: (bytes) => apply(bytes, at) }));

/** Every transformation that is tried. */
export const TRANSFORMATIONS: readonly Transformation[] = [
  ...steps('jpeg', [95, 85, 70, 50], (bytes, quality) =>
    upright(bytes).jpeg({ quality, chromaSubsampling: '4:2:0' }).toBuffer(),
  ),
  ...steps('scale', [0.5, 0.75, 1.5, 2], scaled),
  ...steps('tilt', [-5, 5], tilted),
  ...steps('turn', [90, 180, 270], (bytes, degrees) => quarterTurned(bytes, degrees, false)),
  ...steps('turn-exif', [90, 180, 270], (bytes, degrees) => quarterTurned(bytes, degrees, true)),
  ...steps('brightness', [0.7, 0.85, 1.15, 1.3], (bytes, factor) =>
    lossless(upright(bytes).linear(factor, 0)),
  ),
  ...steps('contrast', [0.7, 0.85, 1.15, 1.3], (bytes, factor) =>
    lossless(upright(bytes).linear(factor, 128 * (1 - factor))),
  ),
  ...steps('blur', [0.5, 1, 2], (bytes, sigma) =>
    lossless(upright(bytes).blur({ sigma, minAmplitude: 0.01 })),
  ),
  ...steps('noise', [3, 6, 12], noisy),
  { family: 'crop', step: '3:4', at: 0, apply: cropped },
  {
    family: 'grey',
    step: 'grey',
    at: 0,
    apply: (bytes) => lossless(upright(bytes).greyscale().toColourspace('srgb')),
  },
];
