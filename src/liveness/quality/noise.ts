import type { LumaWindow } from './window.ts';

/** Standard deviation of a normal distribution over the median of its absolute values. */
const MEDIAN_TO_SIGMA = 1 / 0.6745;

/**
 * Sides of the squares whose means are compared: single pixels, and two by two, which noise before a
 * demosaicing needs.
 */
const SCALES = [1, 2] as const;

/**
 * Colour noise of the face: standard deviation of Cb or Cr (ITU-R BT.601), the larger one, in steps of 0-255,
 * on the face as it is measured here (128 pixels wide), which is near the size that the networks see.
 * Estimated from the median of the diagonal details of a Haar transform, which edges and gradients hardly
 * touch: D. L. Donoho, I. M. Johnstone, "Ideal spatial adaptation by wavelet shrinkage" (Biometrika 81,
 * 1994), on the finest scale and the next one, the larger of both. Grey noise, blur and JPEG do not raise it;
 * a large face is averaged down first, and its noise with it.
 */
export function measureColourNoise(window: LumaWindow): number {
  const planes = differencePlanes(window);
  const sigmas = SCALES.flatMap((scale) => planes.map((plane) => sigmaOf(plane, window, scale)));
  return Math.max(...sigmas);
}

/** Cb and Cr of the window's inner pixels. */
function differencePlanes({ width, height, rgb }: LumaWindow): readonly [Float32Array, Float32Array] {
  const blue = new Float32Array(width * height);
  const red = new Float32Array(width * height);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++, to++) {
      const at = ((y + 1) * (width + 2) + x + 1) * 3;
      const luma = 0.299 * rgb[at] + 0.587 * rgb[at + 1] + 0.114 * rgb[at + 2];
      blue[to] = 0.564 * (rgb[at + 2] - luma);
      red[to] = 0.713 * (rgb[at] - luma);
    }
  }
  return [blue, red];
}

function sigmaOf(plane: Float32Array, { width, height }: LumaWindow, scale: number): number {
  const step = 2 * scale;
  const mean = (x: number, y: number) => {
    let sum = 0;
    for (let j = 0; j < scale; j++) for (let i = 0; i < scale; i++) sum += plane[(y + j) * width + x + i];
    return sum / (scale * scale);
  };
  const details: number[] = [];
  for (let y = 0; y + step <= height; y += step) {
    for (let x = 0; x + step <= width; x += step) {
      const diagonal = mean(x, y) - mean(x + scale, y) - mean(x, y + scale) + mean(x + scale, y + scale);
      details.push(Math.abs(diagonal) / 2);
    }
  }
  return Float64Array.from(details).sort()[details.length >> 1] * MEDIAN_TO_SIGMA;
}
