import { createHash } from 'node:crypto';
import { THUMBNAIL_SIDE } from '../liveness/stills/thumbnail.ts';

/** Numbers of a sketch: the distance of two is within a quarter of the real one, at twice its deviation. */
export const SKETCH_SIZE = 64;
const PIXELS = THUMBNAIL_SIDE ** 2;

/**
 * What is kept of a still's thumbnail while its try lasts, to find a picture that was sent twice: sums over
 * its pixels with random signs. The distance of two sketches estimates that of their thumbnails
 * (Johnson-Lindenstrauss), and 64 sums do not bring 1024 pixels back. The signs come from the key of the
 * session's page, which goes with the session.
 */
export function sketchOf(thumbnail: Float32Array, key: string): number[] {
  const signs = createHash('shake256', { outputLength: (SKETCH_SIZE * PIXELS) / 8 })
    .update(`livestill sketch ${key}`)
    .digest();
  return Array.from({ length: SKETCH_SIZE }, (_, row) => {
    let sum = 0;
    for (let i = 0; i < PIXELS; i++) {
      const bit = row * PIXELS + i;
      sum += ((signs[bit >> 3] >> (bit & 7)) & 1) === 1 ? thumbnail[i] : -thumbnail[i];
    }
    return Math.round((100 * sum) / THUMBNAIL_SIDE) / 100;
  });
}
