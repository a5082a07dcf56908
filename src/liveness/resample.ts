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
}

/** How output cells lie over source elements along one side, with fractional edges. */
export interface Spans {
  /** First source index of each output cell. */
  readonly first: Int32Array;
  /** Last source index of each output cell. */
  readonly last: Int32Array;
  /** Weight of the first and of the last source element; those between weigh 1. */
  readonly head: Float64Array;
  readonly tail: Float64Array;
}

/** `n` cells of `step` source elements each, the first beginning at `start`, none reaching past element `end`. */
export function areaSpans(start: number, step: number, n: number, end: number): Spans {
  const first = new Int32Array(n);
  const last = new Int32Array(n);
  const head = new Float64Array(n);
  const tail = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const from = start + i * step;
    const to = Math.min(end + 1, start + (i + 1) * step);
    const a = Math.floor(from);
    const b = Math.max(a, Math.min(end, Math.ceil(to) - 1));
    first[i] = a;
    last[i] = b;
    head[i] = a === b ? to - from : a + 1 - from;
    tail[i] = a === b ? 0 : to - b;
  }
  return { first, last, head, tail };
}

/** One row of RGB column sums to `n` interleaved pixels written at `offset` of `out`, each divided by `area`. */
export function reduceRow(
  row: Float32Array,
  columns: Spans,
  n: number,
  area: number,
  out: Float32Array,
  offset: number,
): void {
  const { first, last, head, tail } = columns;
  const scale = 1 / area;
  for (let i = 0; i < n; i++) {
    const a = first[i] * 3;
    const b = last[i] * 3;
    const h = head[i];
    let red = row[a] * h;
    let green = row[a + 1] * h;
    let blue = row[a + 2] * h;
    if (b > a) {
      for (let p = a + 3; p < b; p += 3) {
        red += row[p];
        green += row[p + 1];
        blue += row[p + 2];
      }
      const t = tail[i];
      red += row[b] * t;
      green += row[b + 1] * t;
      blue += row[b + 2] * t;
    }
    const o = offset + i * 3;
    out[o] = red * scale;
    out[o + 1] = green * scale;
    out[o + 2] = blue * scale;
  }
}

/**
 * Adds whole rows `from..to` (inclusive) of bytes into `sums`, four bytes at a time: even and odd bytes of each 32-bit
 * word are summed in separate 16-bit lanes, which hold up to 257 rows. Needs rows aligned to 4 bytes.
 */
function addAlignedRows(
  words: Uint32Array,
  wordsPerRow: number,
  from: number,
  to: number,
  even: Uint32Array,
  odd: Uint32Array,
  sums: Float32Array,
): void {
  for (let start = from; start <= to; start += 257) {
    const end = Math.min(to, start + 256);
    even.fill(0);
    odd.fill(0);
    for (let y = start; y <= end; y++) {
      const base = y * wordsPerRow;
      for (let i = 0; i < wordsPerRow; i++) {
        const word = words[base + i];
        even[i] += word & 0x00ff00ff;
        odd[i] += (word >>> 8) & 0x00ff00ff;
      }
    }
    for (let i = 0; i < wordsPerRow; i++) {
      const e = even[i];
      const o = odd[i];
      const p = i * 4;
      sums[p] += e & 0xffff;
      sums[p + 1] += o & 0xffff;
      sums[p + 2] += e >>> 16;
      sums[p + 3] += o >>> 16;
    }
  }
}

/**
 * Shrinks a byte picture to `n` x `m` by exact area averaging: each output pixel is the mean of the source rectangle it
 * covers, fractional edges weighted. Values stay floating point (0-255). `n` and `m` must not exceed the picture's sides.
 */
export function shrinkByArea(picture: RgbPicture, n: number, m: number): FloatPicture {
  const { width, height, data } = picture;
  const rowLength = width * 3;
  const columns = areaSpans(0, width / n, n, width - 1);
  const rows = areaSpans(0, height / m, m, height - 1);
  const area = (width / n) * (height / m);
  const out = new Float32Array(n * m * 3);
  const sums = new Float32Array(rowLength);
  const aligned =
    rowLength % 4 === 0 && data.byteOffset % 4 === 0 && new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;
  const wordsPerRow = rowLength >> 2;
  const words = aligned
    ? new Uint32Array(data.buffer, data.byteOffset, wordsPerRow * height)
    : new Uint32Array(0);
  const even = new Uint32Array(aligned ? wordsPerRow : 0);
  const odd = new Uint32Array(aligned ? wordsPerRow : 0);
  for (let j = 0; j < m; j++) {
    const a = rows.first[j];
    const b = rows.last[j];
    const head = rows.head[j];
    const offset = a * rowLength;
    for (let i = 0; i < rowLength; i++) sums[i] = data[offset + i] * head;
    if (b > a) {
      if (aligned && b - a > 2) addAlignedRows(words, wordsPerRow, a + 1, b - 1, even, odd, sums);
      else
        for (let y = a + 1; y < b; y++) {
          const base = y * rowLength;
          for (let i = 0; i < rowLength; i++) sums[i] += data[base + i];
        }
      const tail = rows.tail[j];
      const base = b * rowLength;
      if (tail > 0) for (let i = 0; i < rowLength; i++) sums[i] += data[base + i] * tail;
    }
    reduceRow(sums, columns, n, area, out, j * n * 3);
  }
  return { width: n, height: m, data: out };
}

/** The same averaging over floating-point values. */
function averageFloats(picture: FloatPicture, n: number, m: number): FloatPicture {
  const { width, height, data } = picture;
  const rowLength = width * 3;
  const columns = areaSpans(0, width / n, n, width - 1);
  const rows = areaSpans(0, height / m, m, height - 1);
  const area = (width / n) * (height / m);
  const out = new Float32Array(n * m * 3);
  const sums = new Float32Array(rowLength);
  for (let j = 0; j < m; j++) {
    const a = rows.first[j];
    const b = rows.last[j];
    const head = rows.head[j];
    const offset = a * rowLength;
    for (let i = 0; i < rowLength; i++) sums[i] = data[offset + i] * head;
    for (let y = a + 1; y <= b; y++) {
      const weight = y === b ? rows.tail[j] : 1;
      const base = y * rowLength;
      for (let i = 0; i < rowLength; i++) sums[i] += data[base + i] * weight;
    }
    reduceRow(sums, columns, n, area, out, j * n * 3);
  }
  return { width: n, height: m, data: out };
}

/** Positions and weights of bilinear sampling along one side: `near`, `far` index, `part` = weight of `far`. */
export interface Samples {
  readonly near: Int32Array;
  readonly far: Int32Array;
  readonly part: Float64Array;
}

/**
 * Where output element i of `n` reads a stretch of `length` source elements that begins at `start`: half-pixel centres,
 * no antialiasing. Positions are not limited; the caller decides what lies outside.
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

/** Resizes to `n` x `m`: area averaging when a side shrinks, bilinear (edges replicated) otherwise. */
export function resize(picture: FloatPicture, n: number, m: number): FloatPicture {
  if (picture.width > n || picture.height > m) return averageFloats(picture, n, m);
  if (picture.width === n && picture.height === m) return picture;
  return enlarge(picture, n, m);
}

/** The same values as floating point. */
export function toFloats(picture: RgbPicture): FloatPicture {
  return { width: picture.width, height: picture.height, data: Float32Array.from(picture.data) };
}

/**
 * Turns a picture (bytes or floats) clockwise by `turns` quarter turns.
 */
export function turnClockwise<T extends RgbPicture | FloatPicture>(picture: T, turns: number): T {
  const quarter = ((turns % 4) + 4) % 4;
  if (quarter === 0) return picture;
  const { width, height, data } = picture;
  const [n, m] = quarter === 2 ? [width, height] : [height, width];
  const out = data instanceof Float32Array ? new Float32Array(data.length) : new Uint8Array(data.length);
  for (let y = 0; y < m; y++) {
    for (let x = 0; x < n; x++) {
      const sx = quarter === 1 ? y : quarter === 2 ? width - 1 - x : width - 1 - y;
      const sy = quarter === 1 ? height - 1 - x : quarter === 2 ? height - 1 - y : x;
      const s = (sy * width + sx) * 3;
      const o = (y * n + x) * 3;
      out[o] = data[s];
      out[o + 1] = data[s + 1];
      out[o + 2] = data[s + 2];
    }
  }
  return { width: n, height: m, data: out } as unknown as T;
}
