import type { CropKind, TensorForm } from '../crop.ts';
import { bilinearSamples, clampSamples, type Rect, type Samples } from '../resample.ts';
import type { RgbPicture } from '../types.ts';

/** Weights with taps outside [0, size) set to nothing: what lies outside the picture counts as black. */
function blackOutside(
  samples: Samples,
  size: number,
): { near: Float64Array; far: Float64Array; at: Samples } {
  const n = samples.part.length;
  const near = new Float64Array(n);
  const far = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    near[i] = samples.near[i] >= 0 && samples.near[i] < size ? 1 - samples.part[i] : 0;
    far[i] = samples.far[i] >= 0 && samples.far[i] < size ? samples.part[i] : 0;
  }
  return { near, far, at: clampSamples(samples, 0, size - 1) };
}

/** What `cropTensor` is to give, written out plainly and computed in 64 bits up to the last rounding. */
export function plainCropTensor(
  picture: RgbPicture,
  crop: CropKind,
  rect: Rect,
  form: TensorForm,
): Float32Array {
  const { width, data } = picture;
  const { width: n, height: m } = form;
  let xs = bilinearSamples(rect.x, rect.w, n);
  let ys = bilinearSamples(rect.y, rect.h, m);
  if (crop.kind === 'silent') {
    xs = clampSamples(xs, rect.x, rect.x + rect.w - 1);
    ys = clampSamples(ys, rect.y, rect.y + rect.h - 1);
  }
  const h = blackOutside(xs, picture.width);
  const v = blackOutside(ys, picture.height);
  const tensor = new Float32Array(3 * n * m);
  const planar = form.layout === 'NCHW';
  const stepPixel = planar ? 1 : 3;
  const stepPlane = planar ? n * m : 1;
  const [r, g, b] = form.colourOrder === 'RGB' ? [0, 1, 2] : [2, 1, 0];
  const rOffset = r * stepPlane;
  const gOffset = g * stepPlane;
  const bOffset = b * stepPlane;
  for (let j = 0; j < m; j++) {
    const top = v.at.near[j] * width;
    const bottom = v.at.far[j] * width;
    const wTop = v.near[j];
    const wBottom = v.far[j];
    let o = j * n * stepPixel;
    for (let i = 0; i < n; i++, o += stepPixel) {
      const wLeft = h.near[i];
      const wRight = h.far[i];
      const w00 = wTop * wLeft;
      const w01 = wTop * wRight;
      const w10 = wBottom * wLeft;
      const w11 = wBottom * wRight;
      const p00 = (top + h.at.near[i]) * 3;
      const p01 = (top + h.at.far[i]) * 3;
      const p10 = (bottom + h.at.near[i]) * 3;
      const p11 = (bottom + h.at.far[i]) * 3;
      tensor[o + rOffset] = data[p00] * w00 + data[p01] * w01 + data[p10] * w10 + data[p11] * w11;
      tensor[o + gOffset] =
        data[p00 + 1] * w00 + data[p01 + 1] * w01 + data[p10 + 1] * w10 + data[p11 + 1] * w11;
      tensor[o + bOffset] =
        data[p00 + 2] * w00 + data[p01 + 2] * w01 + data[p10 + 2] * w10 + data[p11 + 2] * w11;
    }
  }
  normalise(tensor, form, stepPixel, stepPlane);
  return tensor;
}

function normalise(tensor: Float32Array, form: TensorForm, stepPixel: number, stepPlane: number): void {
  if (form.mean.every((x) => x === 0) && form.scale.every((x) => x === 1)) return;
  const pixels = form.width * form.height;
  for (let c = 0; c < 3; c++) {
    const mean = form.mean[c];
    const scale = form.scale[c];
    for (let p = 0; p < pixels; p++) {
      const at = c * stepPlane + p * stepPixel;
      tensor[at] = (tensor[at] - mean) * scale;
    }
  }
}
