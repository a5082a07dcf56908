import { averageAreas, type Placement } from './kernel/average.ts';
import { areaTaps, composeTaps } from './kernel/taps.ts';
import type { RgbPicture } from './types.ts';

/** A rectangle by its corner and sides, in pixels; whole or fractional as the caller says. */
export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

/** A picture of floating-point values 0-255, interleaved RGB, row 0 on top. */
export interface FloatPicture {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
  /** The picture that these values are the area averages of, where they are those of one. */
  readonly source?: RgbPicture;
}

/** How average values are written; values as they are, row by row, where nothing is said. */
export type Writing = Partial<Omit<Placement, 'array'>>;

/**
 * Averages a picture to `n` x `m`: each output pixel is the mean of the source rectangle it covers,
 * fractional edges weighted. A picture that was itself averaged from another is taken from that one in a
 * single pass.
 *
 * @param out where the values go.
 */
export function averageInto(
  picture: RgbPicture | FloatPicture,
  n: number,
  m: number,
  out: Float32Array,
  writing: Writing = {},
): void {
  const { width, height } = picture;
  const source = ('source' in picture ? picture.source : undefined) ?? picture;
  const side = (of: number, from: number, to: number) => {
    const taps = areaTaps(0, from / to, to, from - 1);
    return of === from ? taps : composeTaps(areaTaps(0, of / from, from, of - 1), taps);
  };
  const area = (source.width / n) * (source.height / m);
  averageAreas(source, 0, 0, side(source.width, width, n), side(source.height, height, m), {
    array: out,
    offset: 0,
    stride: n * 3,
    shift: 0,
    ...writing,
    scale: (writing.scale ?? 1) / area,
  });
}

/**
 * Shrinks a byte picture to `n` x `m` by exact area averaging. Values stay floating point (0-255). `n` and
 * `m` must not exceed the picture's sides.
 *
 * @param out where the values go, `n * m * 3` of them; a new array where nothing is given.
 */
export function shrinkByArea(
  picture: RgbPicture,
  n: number,
  m: number,
  out: Float32Array = new Float32Array(n * m * 3),
): FloatPicture {
  averageInto(picture, n, m, out);
  return { width: n, height: m, data: out };
}

/**
 * Positions and weights of bilinear sampling along one side: `near`, `far` index, `part` = weight of `far`.
 */
export interface Samples {
  readonly near: Int32Array;
  readonly far: Int32Array;
  readonly part: Float64Array;
}

/**
 * Where output element i of `n` reads a stretch of `length` source elements that begins at `start`:
 * half-pixel centres, no antialiasing. Positions are not limited; the caller decides what lies outside.
 */
export function bilinearSamples(start: number, length: number, n: number): Samples {
  const near = new Int32Array(n);
  const far = new Int32Array(n);
  const part = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const position = start + ((i + 0.5) * length) / n - 0.5;
    const floor = Math.floor(position);
    near[i] = floor;
    far[i] = floor + 1;
    part[i] = position - floor;
  }
  return { near, far, part };
}

/** Moves every index of `samples` into [low, high]. */
export function clampSamples(samples: Samples, low: number, high: number): Samples {
  const clamp = (index: number) => Math.min(high, Math.max(low, index));
  return { near: samples.near.map(clamp), far: samples.far.map(clamp), part: samples.part };
}

function enlarge(picture: FloatPicture, n: number, m: number): FloatPicture {
  const { width, height, data } = picture;
  const xs = clampSamples(bilinearSamples(0, width, n), 0, width - 1);
  const ys = clampSamples(bilinearSamples(0, height, m), 0, height - 1);
  const out = new Float32Array(n * m * 3);
  for (let j = 0; j < m; j++) {
    const top = ys.near[j] * width;
    const bottom = ys.far[j] * width;
    const v = ys.part[j];
    for (let i = 0; i < n; i++) {
      const u = xs.part[i];
      for (let c = 0; c < 3; c++) {
        const left = xs.near[i] * 3 + c;
        const right = xs.far[i] * 3 + c;
        const upper = data[top * 3 + left] * (1 - u) + data[top * 3 + right] * u;
        const lower = data[bottom * 3 + left] * (1 - u) + data[bottom * 3 + right] * u;
        out[(j * n + i) * 3 + c] = upper * (1 - v) + lower * v;
      }
    }
  }
  return { width: n, height: m, data: out };
}

/**
 * Resizes to `n` x `m`: area averaging when a side shrinks (into `out` where that is given), bilinear (edges
 * replicated) otherwise.
 */
export function resize(
  picture: FloatPicture,
  n: number,
  m: number,
  out: Float32Array = new Float32Array(n * m * 3),
): FloatPicture {
  if (picture.width > n || picture.height > m) {
    averageInto(picture, n, m, out);
    return { width: n, height: m, data: out };
  }
  if (picture.width === n && picture.height === m) return picture;
  return enlarge(picture, n, m);
}

/** The same values as floating point. */
export function toFloats(
  picture: RgbPicture,
  out: Float32Array = new Float32Array(picture.data.length),
): FloatPicture {
  out.set(picture.data);
  return { width: picture.width, height: picture.height, data: out };
}

/** Side of the squares that are turned one after the other, pixels: both of their places fit the cache. */
const TURNED_AT_ONCE = 64;

/** How the pixels of a picture lie once it is turned. */
interface Turn {
  /** Size of the turned picture. */
  readonly n: number;
  readonly m: number;
  /** Where its first pixel comes from, and what lies one to the right and one below of that, in values. */
  readonly first: number;
  readonly across: number;
  readonly down: number;
}

function turnOf(width: number, height: number, quarter: 1 | 2 | 3): Turn {
  const [n, m] = quarter === 2 ? [width, height] : [height, width];
  const [first, across, down] = {
    1: [(height - 1) * width, -width, 1],
    2: [height * width - 1, -1, -width],
    3: [width - 1, width, -1],
  }[quarter].map((pixels) => pixels * 3);
  return { n, m, first, across, down };
}

/** Calls `row` for each row of each square: where it goes to, how many pixels it has, where it comes from. */
function eachRow(
  { n, m, first, across, down }: Turn,
  row: (to: number, count: number, from: number) => void,
): void {
  for (let top = 0; top < m; top += TURNED_AT_ONCE) {
    for (let left = 0; left < n; left += TURNED_AT_ONCE) {
      const count = Math.min(TURNED_AT_ONCE, n - left);
      for (let y = top; y < Math.min(m, top + TURNED_AT_ONCE); y++) {
        row((y * n + left) * 3, count, first + left * across + y * down);
      }
    }
  }
}

// One function for bytes and floats would take twice the time: the compiler makes its code for one of them.
function turnBytes(data: Uint8Array, turn: Turn): Uint8Array {
  const out = new Uint8Array(data.length);
  const { across } = turn;
  eachRow(turn, (to, count, from) => {
    for (let end = to + count * 3, o = to, s = from; o < end; o += 3, s += across) {
      out[o] = data[s];
      out[o + 1] = data[s + 1];
      out[o + 2] = data[s + 2];
    }
  });
  return out;
}

function turnFloats(data: Float32Array, turn: Turn): Float32Array {
  const out = new Float32Array(data.length);
  const { across } = turn;
  eachRow(turn, (to, count, from) => {
    for (let end = to + count * 3, o = to, s = from; o < end; o += 3, s += across) {
      out[o] = data[s];
      out[o + 1] = data[s + 1];
      out[o + 2] = data[s + 2];
    }
  });
  return out;
}

/**
 * Turns a picture (bytes or floats) clockwise by `turns` quarter turns.
 */
export function turnClockwise<T extends RgbPicture | FloatPicture>(picture: T, turns: number): T {
  const quarter = ((turns % 4) + 4) % 4;
  if (quarter === 0) return picture;
  const turn = turnOf(picture.width, picture.height, quarter as 1 | 2 | 3);
  const { data } = picture;
  const out = data instanceof Float32Array ? turnFloats(data, turn) : turnBytes(data, turn);
  return { width: turn.n, height: turn.m, data: out } as unknown as T;
}
