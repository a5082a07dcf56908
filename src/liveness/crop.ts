import { growBox } from './geometry.ts';
import { type Pairs, sampleBilinear } from './kernel/bilinear.ts';
import { bilinearSamples, clampSamples, type Rect, type Samples } from './resample.ts';
import { borrow } from './scratch.ts';
import type { Box, RgbPicture } from './types.ts';

/**
 * What part of the picture a classifier sees. `square`: a square of `factor` times the box's longer side
 * about its centre, black outside the picture. `silent` (as Silent-Face-Anti-Spoofing crops): the box widened
 * by up to `factor`, moved to stay inside the picture, stretched to the input without keeping its
 * proportions.
 */
export interface CropKind {
  readonly kind: 'square' | 'silent';
  readonly factor: number;
}

/**
 * How RGB bytes become a classifier's tensor: planes in `colourOrder`, value `(v - mean[c]) * scale[c]`, NCHW
 * or NHWC.
 */
export interface TensorForm {
  readonly width: number;
  readonly height: number;
  readonly layout: 'NCHW' | 'NHWC';
  readonly colourOrder: 'RGB' | 'BGR';
  /** By plane, in the tensor's own order. */
  readonly mean: readonly [number, number, number];
  readonly scale: readonly [number, number, number];
}

/** Short name of a crop, as in the evidence: `square1.0`, `silent2.7`. */
export function cropName(crop: CropKind): string {
  return `${crop.kind}${Number.isInteger(crop.factor) ? crop.factor.toFixed(1) : crop.factor}`;
}

function squareRect(box: Box, factor: number): Rect {
  const side = factor * Math.max(box.right - box.left, box.bottom - box.top);
  const length = Math.max(2, Math.trunc(side));
  return {
    x: Math.trunc((box.left + box.right) / 2 - side / 2),
    y: Math.trunc((box.top + box.bottom) / 2 - side / 2),
    w: length,
    h: length,
  };
}

function silentRect(box: Box, factor: number, width: number, height: number): Rect {
  const x = Math.trunc(box.left);
  const y = Math.trunc(box.top);
  const p = Math.max(1, Math.trunc(box.right - box.left + 1));
  const q = Math.max(1, Math.trunc(box.bottom - box.top + 1));
  const s = Math.min((height - 1) / q, (width - 1) / p, factor);
  let left = x + p / 2 - (p * s) / 2;
  let right = x + p / 2 + (p * s) / 2;
  let top = y + q / 2 - (q * s) / 2;
  let bottom = y + q / 2 + (q * s) / 2;
  if (left < 0) {
    right -= left;
    left = 0;
  }
  if (top < 0) {
    bottom -= top;
    top = 0;
  }
  if (right > width - 1) {
    left -= right - (width - 1);
    right = width - 1;
  }
  if (bottom > height - 1) {
    top -= bottom - (height - 1);
    bottom = height - 1;
  }
  const l = Math.max(0, Math.trunc(left));
  const t = Math.max(0, Math.trunc(top));
  return {
    x: l,
    y: t,
    w: Math.max(1, Math.trunc(right) - l + 1),
    h: Math.max(1, Math.trunc(bottom) - t + 1),
  };
}

/**
 * The rectangle of a crop in whole pixels of the picture.
 *
 * @param box the calibrated box; `boxScale` multiplies its sides about its centre first.
 */
export function cropRect(crop: CropKind, box: Box, boxScale: number, width: number, height: number): Rect {
  const grown = growBox(box, boxScale);
  return crop.kind === 'square'
    ? squareRect(grown, crop.factor)
    : silentRect(grown, crop.factor, width, height);
}

/** Weights with taps outside [0, size) set to nothing: what lies outside the picture counts as black. */
function blackOutside(samples: Samples, size: number): Pairs {
  const { near, far, part } = samples;
  const at = clampSamples(samples, 0, size - 1);
  return {
    near: at.near,
    far: at.far,
    weightNear: part.map((p, i) => (near[i] >= 0 && near[i] < size ? 1 - p : 0)),
    weightFar: part.map((p, i) => (far[i] >= 0 && far[i] < size ? p : 0)),
  };
}

/**
 * Samples `rect` of the picture bilinearly (half-pixel centres, no antialiasing) into a float32 tensor
 * [1,3,h,w] or [1,h,w,3]. A `square` crop reads black outside the picture; a `silent` crop reads the edge of
 * its rectangle again. The tensor is borrowed (scratch.ts).
 */
export function cropTensor(picture: RgbPicture, crop: CropKind, rect: Rect, form: TensorForm): Float32Array {
  const { width: n, height: m } = form;
  let xs = bilinearSamples(rect.x, rect.w, n);
  let ys = bilinearSamples(rect.y, rect.h, m);
  if (crop.kind === 'silent') {
    xs = clampSamples(xs, rect.x, rect.x + rect.w - 1);
    ys = clampSamples(ys, rect.y, rect.y + rect.h - 1);
  }
  const places = form.colourOrder === 'RGB' ? ([0, 1, 2] as const) : ([2, 1, 0] as const);
  const byColour = (values: TensorForm['mean']) => places.map((p) => values[p]) as [number, number, number];
  const tensor = borrow(3 * n * m);
  sampleBilinear(
    picture,
    blackOutside(xs, picture.width),
    blackOutside(ys, picture.height),
    { layout: form.layout, places, mean: byColour(form.mean), scale: byColour(form.scale) },
    tensor,
  );
  return tensor;
}
