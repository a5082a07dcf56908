import type { LumaWindow } from './window.ts';

/**
 * Sharpness as the variance of the Laplacian (left + right + up + down - 4 centre) of the inner face's
 * luminance; the unit is squared luminance steps. Higher is sharper.
 */
export function measureSharpness(window: LumaWindow): number {
  const { width, height, data } = window;
  const stride = width + 2;
  const n = width * height;
  let sum = 0;
  let squares = 0;
  for (let y = 1; y <= height; y++) {
    for (let x = 1; x <= width; x++) {
      const p = y * stride + x;
      const v = data[p - 1] + data[p + 1] + data[p - stride] + data[p + stride] - 4 * data[p];
      sum += v;
      squares += v * v;
    }
  }
  const mean = sum / n;
  return Math.max(0, squares / n - mean * mean);
}
