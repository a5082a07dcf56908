import { averageAreas } from '../kernel/average.ts';
import { areaTaps } from '../kernel/taps.ts';
import { bilinearSamples, clampSamples, type Rect } from '../resample.ts';
import type { RgbPicture } from '../types.ts';

/** Luminance of the inner face, 0-255, with one more row and column all around for neighbours. */
export interface LumaWindow {
  readonly width: number;
  readonly height: number;
  /** Rows of `width + 2` values, `height + 2` rows. */
  readonly data: Float32Array;
  /** The same pixels as interleaved sRGB, 0-255. */
  readonly rgb: Float32Array;
}

const SIDE = 128;
const LEFT = 24;
const RIGHT = 103;
const TOP = 16;
const BOTTOM = 111;
const COLUMNS = RIGHT - LEFT + 3;
const ROWS = BOTTOM - TOP + 3;

/** Luminance of ITU-R BT.601: 0.299 R + 0.587 G + 0.114 B. */
function luma(rgb: Float32Array, at: number): number {
  return 0.299 * rgb[at] + 0.587 * rgb[at + 1] + 0.114 * rgb[at + 2];
}

function byArea(picture: RgbPicture, rect: Rect): Float32Array {
  const kx = rect.w / SIDE;
  const ky = rect.h / SIDE;
  const columns = areaTaps((LEFT - 1) * kx, kx, COLUMNS, rect.w - 1);
  const rows = areaTaps((TOP - 1) * ky, ky, ROWS, rect.h - 1);
  const array = new Float32Array(COLUMNS * ROWS * 3);
  const stride = COLUMNS * 3;
  averageAreas(picture, rect.x, rect.y, columns, rows, {
    array,
    offset: 0,
    stride,
    scale: 1 / (kx * ky),
    shift: 0,
  });
  return array;
}

function bilinear(picture: RgbPicture, rect: Rect): Float32Array {
  const { width, data } = picture;
  const xs = clampSamples(bilinearSamples(rect.x, rect.w, SIDE), 0, width - 1);
  const ys = clampSamples(bilinearSamples(rect.y, rect.h, SIDE), 0, picture.height - 1);
  const rgb = new Float32Array(COLUMNS * ROWS * 3);
  for (let j = 0; j < ROWS; j++) {
    const v = ys.part[j + TOP - 1];
    const top = ys.near[j + TOP - 1] * width;
    const bottom = ys.far[j + TOP - 1] * width;
    for (let i = 0; i < COLUMNS; i++) {
      const u = xs.part[i + LEFT - 1];
      const near = xs.near[i + LEFT - 1];
      const far = xs.far[i + LEFT - 1];
      for (let c = 0; c < 3; c++) {
        const upper = data[(top + near) * 3 + c] * (1 - u) + data[(top + far) * 3 + c] * u;
        const lower = data[(bottom + near) * 3 + c] * (1 - u) + data[(bottom + far) * 3 + c] * u;
        rgb[(j * COLUMNS + i) * 3 + c] = upper * (1 - v) + lower * v;
      }
    }
  }
  return rgb;
}

/**
 * The pixels that quality is measured on: the `square1.0` rectangle resampled to 128 x 128 (area averaging
 * when it shrinks, bilinear otherwise, the picture's edge repeated outside), of it columns 24..103 and rows
 * 16..111.
 */
export function lumaWindow(picture: RgbPicture, square: Rect): LumaWindow {
  const rgb = square.w > SIDE || square.h > SIDE ? byArea(picture, square) : bilinear(picture, square);
  const data = new Float32Array(COLUMNS * ROWS);
  for (let i = 0; i < data.length; i++) data[i] = luma(rgb, i * 3);
  return { width: COLUMNS - 2, height: ROWS - 2, data, rgb };
}
