import { AREA_KERNEL } from './area-kernel.ts';

/** The little of WebAssembly's own types that is used; Node's type package leaves them out. */
interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
}

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  addBytes(sums: number, row: number, n: number, weight: number): void;
  addFloats(sums: number, row: number, n: number, weight: number): void;
  reduce(out: number, sums: number, table: number, n: number, scale: number): void;
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

/** Interleaved RGB, bytes or floats. */
export interface Source {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array | Float32Array;
}

const PAGE = 65_536;
/** Room behind a row for reads of whole vectors, bytes; kept at zero so that nothing odd gets into a sum. */
const SLACK = 64;

let loaded: Exports | undefined;

/** The kernel of this thread. Every call uses it from beginning to end without a pause, so one is enough. */
function kernel(): Exports {
  if (loaded === undefined) {
    const { WebAssembly } = globalThis as unknown as { readonly WebAssembly: WebAssemblyApi };
    const module = new WebAssembly.Module(Buffer.from(AREA_KERNEL, 'base64'));
    loaded = new WebAssembly.Instance(module).exports as Exports;
  }
  return loaded;
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

const up = (bytes: number) => (bytes + 15) & ~15;

/**
 * Means of rectangles: output pixel (i, j) is the weighted sum of the source pixels under column span i and row span j,
 * divided by `area`. Span indices count from (`x`, `y`) of the source and may reach outside, where the edge is repeated.
 *
 * @param result where the pixels go; a new array where nothing is given.
 * @returns `result`: interleaved RGB, `columns.first.length` pixels a row.
 */
export function averageAreas(
  source: Source,
  x: number,
  y: number,
  columns: Spans,
  rows: Spans,
  area: number,
  result: Float32Array = new Float32Array(columns.first.length * rows.first.length * 3),
): Float32Array {
  const { memory, addBytes, addFloats, reduce } = kernel();
  const { width, height, data } = source;
  const n = columns.first.length;
  const m = rows.first.length;
  const from = columns.first[0];
  const length = (columns.last[n - 1] - from + 1) * 3;
  const floats = data instanceof Float32Array;

  const table = 0;
  const sums = up(table + n * 16);
  const row = up(sums + up(length) * 4 + SLACK);
  const out = up(row + up(length) * (floats ? 4 : 1) + SLACK);
  const needed = out + n * 12 + SLACK;
  if (memory.buffer.byteLength < needed) {
    memory.grow(Math.ceil((needed - memory.buffer.byteLength) / PAGE));
  }
  const ints = new Int32Array(memory.buffer);
  const reals = new Float32Array(memory.buffer);
  for (let i = 0; i < n; i++) {
    ints[i * 4] = (columns.first[i] - from) * 12;
    ints[i * 4 + 1] = Math.max(0, columns.last[i] - columns.first[i] - 1);
    reals[i * 4 + 2] = columns.head[i];
    reals[i * 4 + 3] = columns.tail[i];
  }
  const line = floats
    ? new Float32Array(memory.buffer, row, up(length) + SLACK / 4)
    : new Uint8Array(memory.buffer, row, up(length) + SLACK);
  line.fill(0);
  const load = rowLoader(source, line, x + from, length);
  const add = floats ? addFloats : addBytes;
  const sumBytes = new Uint8Array(memory.buffer, sums, up(length) * 4 + SLACK);
  const pixels = new Float32Array(memory.buffer, out, n * 3);
  const scale = 1 / area;
  let held = Number.NaN;
  for (let j = 0; j < m; j++) {
    const a = rows.first[j];
    const b = rows.last[j];
    sumBytes.fill(0);
    for (let r = a; r <= b; r++) {
      const weight = r === a ? rows.head[j] : r === b ? rows.tail[j] : 1;
      const at = Math.min(height - 1, Math.max(0, y + r));
      if (at !== held) {
        load(at);
        held = at;
      }
      add(sums, row, up(length), weight);
    }
    reduce(out, sums, table, n, scale);
    result.set(pixels, j * n * 3);
  }
  return result;

  function rowLoader(of: Source, into: Uint8Array | Float32Array, x0: number, count: number) {
    const x1 = x0 + count / 3 - 1;
    const left = Math.min(width - 1, Math.max(0, x0));
    const right = Math.min(width - 1, Math.max(0, x1));
    return (at: number) => {
      const base = at * width * 3;
      into.set(of.data.subarray(base + left * 3, base + (right + 1) * 3), (left - x0) * 3);
      for (let px = x0; px < left; px++) {
        for (let c = 0; c < 3; c++) into[(px - x0) * 3 + c] = of.data[base + left * 3 + c];
      }
      for (let px = right + 1; px <= x1; px++) {
        for (let c = 0; c < 3; c++) into[(px - x0) * 3 + c] = of.data[base + right * 3 + c];
      }
    };
  }
}
