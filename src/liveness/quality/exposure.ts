import type { LumaWindow } from './window.ts';

/** Light on the face. */
export interface Exposure {
  /** Mean luminance, 0-255. */
  readonly brightness: number;
  /** Standard deviation of luminance, 0-255. */
  readonly contrast: number;
  /** Share of pixels with luminance of at most 25, 0-1 (under-exposure as ISO/IEC 29794-5 measures it). */
  readonly darkFraction: number;
  /** Share of pixels with luminance of at least 247, 0-1 (over-exposure as ISO/IEC 29794-5 measures it). */
  readonly brightFraction: number;
}

const DARK = 25;
const BRIGHT = 247;

/** Measures the light on the inner face. */
export function measureExposure(window: LumaWindow): Exposure {
  const { width, height, data } = window;
  const stride = width + 2;
  const n = width * height;
  let sum = 0;
  let squares = 0;
  let dark = 0;
  let bright = 0;
  for (let y = 1; y <= height; y++) {
    for (let x = 1; x <= width; x++) {
      const v = data[y * stride + x];
      sum += v;
      squares += v * v;
      if (v <= DARK) dark++;
      else if (v >= BRIGHT) bright++;
    }
  }
  const brightness = sum / n;
  return {
    brightness,
    contrast: Math.sqrt(Math.max(0, squares / n - brightness * brightness)),
    darkFraction: dark / n,
    brightFraction: bright / n,
  };
}
