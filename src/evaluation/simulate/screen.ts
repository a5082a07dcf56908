import type { RgbPicture } from '../../liveness/types.ts';
import { resizeBytes } from './light.ts';
import type { Medium } from './scene.ts';

/** How a screen shows a picture. */
export interface ScreenParameters {
  /** Screen pixels across the width of the picture. */
  readonly pixelsAcross: number;
  /** Exponent from value to light. */
  readonly gamma: number;
  /** How far each primary spills into the others, 0-0.2: a smaller gamut. */
  readonly spill: number;
  /** Light of black, a share of white. */
  readonly blackLevel: number;
  /** Tint of white, linear RGB. */
  readonly white: readonly [number, number, number];
  /** Width of the bezel, a share of the picture's width. */
  readonly bezel: number;
  /** Light the bezel sends back. */
  readonly bezelLight: number;
  /** How much of the pixel grid shows, 0-1. */
  readonly visible: number;
}

/** Where in a screen pixel the red, green and blue stripe lie, and what of its height is lit. */
const STRIPES = [
  [0.04, 0.3],
  [0.37, 0.63],
  [0.7, 0.96],
] as const;
const LIT = [0.06, 0.94] as const;

/**
 * Mean of a stripe pattern of period 1, lit from a to b, over a window about x: exact, so that it adds no
 * moiré of its own.
 */
export function stripeMean(x: number, window: number, a: number, b: number): number {
  const upTo = (t: number) => {
    const whole = Math.floor(t);
    return whole * (b - a) + Math.min(Math.max(t - whole - a, 0), b - a);
  };
  return window < 1e-9 ? 0 : (upTo(x + window / 2) - upTo(x - window / 2)) / window;
}

/**
 * Shows a picture on a screen of red, green and blue stripes. (u, v) run over the picture from 0 to 1; around
 * it the bezel.
 */
export async function createScreen(picture: RgbPicture, parameters: ScreenParameters): Promise<Medium> {
  const { pixelsAcross, gamma, spill, blackLevel, white, bezel, bezelLight, visible } = parameters;
  const width = Math.round(pixelsAcross);
  const aspect = picture.width / picture.height;
  const height = Math.max(1, Math.round(width / aspect));
  const shown = await resizeBytes(picture, width, height);
  const light = Float32Array.from(
    { length: 256 },
    (_, v) => blackLevel + (1 - blackLevel) * (v / 255) ** gamma,
  );
  const lit = LIT[1] - LIT[0];
  return {
    aspect,
    sample(u, v, fu, fv, out) {
      if (u < 0 || v < 0 || u >= 1 || v >= 1) {
        const off = Math.max(-u, u - 1, -v / aspect, (v - 1) / aspect);
        if (off > bezel) return false;
        out.fill(bezelLight);
        return true;
      }
      const x = u * width;
      const y = v * height;
      const at = (Math.min(height - 1, Math.floor(y)) * width + Math.min(width - 1, Math.floor(x))) * 3;
      const mean = (shown.data[at] + shown.data[at + 1] + shown.data[at + 2]) / 3;
      const row = stripeMean(y, fv * height, LIT[0], LIT[1]) / lit;
      for (let c = 0; c < 3; c++) {
        const [a, b] = STRIPES[c];
        const own = light[shown.data[at + c]];
        const mixed = own + spill * (light[Math.round(mean)] - own) * 3;
        const grid = (stripeMean(x, fu * width, a, b) / (b - a)) * row;
        out[c] = white[c] * mixed * (1 + visible * (grid - 1));
      }
      return true;
    },
  };
}
