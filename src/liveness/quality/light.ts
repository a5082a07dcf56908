import { boxArea } from '../geometry.ts';
import type { Box, RgbPicture } from '../types.ts';
import type { LumaWindow } from './window.ts';

/** How the light is spread over the face. */
export interface LightSpread {
  /** Entropy of the luminance histogram of 256 steps, bits, 0-8. */
  readonly dynamicRange: number;
  /** What the luminance histograms of the left and the right half of the face share, 0-1; 1 is alike. */
  readonly uniformity: number;
}

const STEPS = 256;

/**
 * Measures the spread of light as ISO/IEC 29794-5 does (`DynamicRange`: entropy of the histogram;
 * `IlluminationUniformity`: sum of the lesser of both sides' normalised histograms), on the inner face
 * instead of its landmark regions.
 */
export function measureLightSpread(window: LumaWindow): LightSpread {
  const { width, height, data } = window;
  const stride = width + 2;
  const half = width / 2;
  const left = new Uint32Array(STEPS);
  const right = new Uint32Array(STEPS);
  for (let y = 1; y <= height; y++) {
    for (let x = 1; x <= width; x++) {
      const step = Math.min(STEPS - 1, Math.round(data[y * stride + x]));
      if (x <= half) left[step]++;
      else right[step]++;
    }
  }
  const side = half * height;
  let entropy = 0;
  let shared = 0;
  for (let i = 0; i < STEPS; i++) {
    const p = (left[i] + right[i]) / (2 * side);
    if (p > 0) entropy -= p * Math.log2(p);
    shared += Math.min(left[i], right[i]) / side;
  }
  return { dynamicRange: entropy, uniformity: shared };
}

/** Points a side of the grid that samples the surroundings. */
const GRID = 40;
/** Fewer background points than this share of the grid are too few to speak of a background. */
const ENOUGH = 0.05;
/** Around the face box, as a factor of its sides, no background is looked for: hair, ears, hat. */
const HEAD = 1.4;

/**
 * Back light: mean luminance of what is seen beside and above the head, minus `face`, the face's own mean
 * luminance, in steps of 0-255. Positive where the background is the brighter one. Null where less than 5 %
 * of these surroundings (three box widths wide, from three quarters of a box above the face down to its
 * mouth) lie in the picture.
 */
export function measureBackLight(picture: RgbPicture, box: Box, face: number): number | null {
  const { width, height, data } = picture;
  const w = box.right - box.left;
  const h = box.bottom - box.top;
  if (boxArea(box) <= 0) return null;
  const cx = (box.left + box.right) / 2;
  const cy = (box.top + box.bottom) / 2;
  const x0 = cx - 1.5 * w;
  const y0 = box.top - 0.75 * h;
  const y1 = box.bottom - 0.25 * h;
  let sum = 0;
  let count = 0;
  for (let j = 0; j < GRID; j++) {
    const py = Math.floor(y0 + ((j + 0.5) / GRID) * (y1 - y0));
    if (py < 0 || py >= height) continue;
    const beside = Math.abs(py - cy) > (HEAD / 2) * h;
    for (let i = 0; i < GRID; i++) {
      const px = Math.floor(x0 + ((i + 0.5) / GRID) * 3 * w);
      if (px < 0 || px >= width || (!beside && Math.abs(px - cx) < (HEAD / 2) * w)) continue;
      const at = (py * width + px) * 3;
      sum += 0.299 * data[at] + 0.587 * data[at + 1] + 0.114 * data[at + 2];
      count++;
    }
  }
  return count < ENOUGH * GRID * GRID ? null : sum / count - face;
}
