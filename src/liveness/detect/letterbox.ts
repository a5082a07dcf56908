import { averageInto, type FloatPicture, resize } from '../resample.ts';
import { borrow, giveBack } from '../scratch.ts';

/** How a picture was laid into a network's input, and so how to get back: `x = (px - left) * kx`. */
export interface Letterbox {
  readonly left: number;
  readonly top: number;
  readonly kx: number;
  readonly ky: number;
}

/** Order of a tensor's values: all channels of a pixel together (NHWC), or one plane a channel (NCHW). */
export type Layout = 'NHWC' | 'NCHW';

/** How pixel values become tensor values: `(v - mean) / divisor`; the border holds `fill` before that. */
export interface Normalisation {
  readonly layout: Layout;
  readonly mean: number;
  readonly divisor: number;
  readonly fill: number;
}

/**
 * Shrinks `picture` into a `width` x `height` frame with its proportions kept, centred, and lays it out as an
 * RGB tensor. `pad` is the share of the frame left empty, 0 to below 1. The tensor is borrowed (scratch.ts).
 */
export function letterbox(
  picture: FloatPicture,
  width: number,
  height: number,
  pad: number,
  norm: Normalisation,
): { readonly tensor: Float32Array; readonly back: Letterbox } {
  const k = Math.min(width / picture.width, height / picture.height) * (1 - pad);
  const nw = Math.max(1, Math.round(k * picture.width));
  const nh = Math.max(1, Math.round(k * picture.height));
  const left = Math.floor((width - nw) / 2);
  const top = Math.floor((height - nh) / 2);
  const size = width * height * 3;
  const tensor = borrow(size).fill((norm.fill - norm.mean) / norm.divisor);
  const scale = 1 / norm.divisor;
  const shift = -norm.mean / norm.divisor;
  if (norm.layout === 'NHWC' && (picture.width > nw || picture.height > nh)) {
    averageInto(picture, nw, nh, tensor, {
      offset: (top * width + left) * 3,
      stride: width * 3,
      scale,
      shift,
    });
  } else {
    const room = borrow(nw * nh * 3, size);
    const small = resize(picture, nw, nh, room).data;
    const [step, apart] = norm.layout === 'NCHW' ? [1, width * height] : [3, 1];
    for (let y = 0, s = 0; y < nh; y++) {
      let at = (top + y) * width + left;
      for (let x = 0; x < nw; x++, s += 3, at++) {
        const o = at * step;
        tensor[o] = small[s] * scale + shift;
        tensor[o + apart] = small[s + 1] * scale + shift;
        tensor[o + 2 * apart] = small[s + 2] * scale + shift;
      }
    }
    giveBack(room);
  }
  return { tensor, back: { left, top, kx: picture.width / nw, ky: picture.height / nh } };
}
