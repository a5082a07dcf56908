import sharp from 'sharp';
import { decodePicture } from '../picture/decode/decode.ts';
import type { BatchRow, BatchSource } from './types.ts';

/** Longest side of a thumbnail, pixels. */
const SIDE = 160;

/**
 * Small JPEGs of some rows' pictures, as data urls by key: walks the source once more and reads these only.
 * Pictures that cannot be read or decoded any more are left out.
 */
export async function thumbnailsOf(
  source: BatchSource,
  rows: readonly BatchRow[],
  signal: AbortSignal,
): Promise<Map<string, string>> {
  const wanted = new Set(rows.map((row) => row.key));
  const found = new Map<string, string>();
  for await (const item of source.items()) {
    if (wanted.size === 0 || signal.aborted) break;
    if (!wanted.delete(item.key)) continue;
    try {
      const { width, height, data } = await decodePicture(await item.read(signal));
      const small = await sharp(data, { raw: { width, height, channels: 3 } })
        .resize(SIDE, SIDE, { fit: 'inside', withoutEnlargement: true })
        .jpeg({ quality: 70 })
        .toBuffer();
      found.set(item.key, `data:image/jpeg;base64,${small.toString('base64')}`);
    } catch {
      // The page says "no picture" for it; the rows are what counts.
    }
  }
  return found;
}
