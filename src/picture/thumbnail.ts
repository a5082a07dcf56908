import sharp from 'sharp';
import { decodePicture } from './decode/decode.ts';

/**
 * A small JPEG of a picture as a data url, for a report.
 * @param side longest side in pixels; smaller pictures stay as they are
 * @param quality of the JPEG, 1-100
 * @throws {Fault} when the picture cannot be decoded
 */
export async function thumbnailOf(picture: Uint8Array, side: number, quality: number): Promise<string> {
  const { width, height, data } = await decodePicture(picture);
  const small = await sharp(data, { raw: { width, height, channels: 3 } })
    .resize(side, side, { fit: 'inside', withoutEnlargement: true })
    .jpeg({ quality })
    .toBuffer();
  return `data:image/jpeg;base64,${small.toString('base64')}`;
}
