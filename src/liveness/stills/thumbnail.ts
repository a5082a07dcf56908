import { shrinkByArea } from '../resample.ts';
import type { RgbPicture } from '../types.ts';

/** Side of a thumbnail in pixels. */
export const THUMBNAIL_SIDE = 32;

/**
 * Brightness of a decoded picture in 32 x 32 area averages, 0-255, row 0 on top: what is compared to find a
 * picture that was sent twice, re-encoded or scaled. Null for a picture with a side under 32 pixels.
 */
export function thumbnailOf(picture: RgbPicture): Float32Array | null {
  const side = THUMBNAIL_SIDE;
  if (picture.width < side || picture.height < side) return null;
  const { data } = shrinkByArea(picture, side, side);
  // Luma of ITU-R BT.601.
  return Float32Array.from(
    { length: side * side },
    (_, i) => 0.299 * data[3 * i] + 0.587 * data[3 * i + 1] + 0.114 * data[3 * i + 2],
  );
}

/** Root of the mean squared difference of two thumbnails, in levels of 255. */
export function thumbnailDistance(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] - b[i]) ** 2;
  return Math.sqrt(sum / a.length);
}
