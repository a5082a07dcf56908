import { thumbnailOf } from '../picture/thumbnail.ts';
import type { BatchRow, BatchSource } from './types.ts';

/** Longest side of a thumbnail, pixels. */
const SIDE = 160;
const QUALITY = 70;

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
      found.set(item.key, await thumbnailOf(await item.read(signal), SIDE, QUALITY));
    } catch {
      // The page says "no picture" for it; the rows are what counts.
    }
  }
  return found;
}
