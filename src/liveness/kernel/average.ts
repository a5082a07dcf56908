import { kernel, type RowFinder, reserve, rowFinder, SLACK, type Source, up, workspace } from './memory.ts';
import { lastTap, type Taps } from './taps.ts';

/** Rows whose bytes are added in 16 bits, at most. */
const MOST_IN_GROUP = 257;

/** Where the pixels of a result go, and in what form: values `v * scale + shift`. */
export interface Placement {
  readonly array: Float32Array;
  /** Index of the first pixel's first value. */
  readonly offset: number;
  /** Values from one row to the next. */
  readonly stride: number;
  readonly scale: number;
  readonly shift: number;
}

/**
 * Weighted sums of rectangles: output pixel (i, j) is the sum of the source pixels under the column taps of i
 * and the row taps of j. Taps count from (`x`, `y`) of the source; those of a byte picture may lie outside,
 * where the edge is repeated.
 */
export function averageAreas(
  source: Source,
  x: number,
  y: number,
  columns: Taps,
  rows: Taps,
  place: Placement,
): void {
  const n = columns.first.length;
  const from = columns.first[0];
  const count = lastTap(columns, n - 1) - from + 1;
  const most = rows.first.reduce((found, _, j) => Math.max(found, rows.from[j + 1] - rows.from[j]), 0);
  const bytes = source.data instanceof Float32Array ? null : rowFinder(source, x + from, count, most);

  const table = workspace();
  const weights = up(table + n * 8 + columns.from[n] * 4);
  const sums = up(weights + most * 12);
  const line = up(sums + up(count * 3) * 4 + SLACK);
  const out = up(line + (bytes?.room ?? up(count * 3) * 4 + SLACK));
  const memory = reserve(out + n * 12 + SLACK);
  writeColumns(memory, table, columns);
  const addRow =
    bytes === null
      ? floatRows(source, x + from, y, count, { memory, sums, line })
      : byteRows(bytes, y, count, { memory, sums, line, weights });
  const pixels = new Float32Array(memory, out, n * 3);
  const { reduce } = kernel();
  for (let j = 0; j < rows.first.length; j++) {
    addRow(rows, j);
    reduce(out, sums, table, n, place.scale, place.shift);
    place.array.set(pixels, place.offset + j * place.stride);
  }
}

/** The table that `reduce` reads. */
function writeColumns(memory: ArrayBuffer, table: number, columns: Taps): void {
  const n = columns.first.length;
  const length = n * 2 + columns.from[n];
  const ints = new Int32Array(memory, table, length);
  const reals = new Float32Array(memory, table, length);
  for (let i = 0, at = 0; i < n; i++) {
    ints[at++] = (columns.first[i] - columns.first[0]) * 12;
    ints[at++] = columns.from[i + 1] - columns.from[i];
    for (let k = columns.from[i]; k < columns.from[i + 1]; k++) reals[at++] = columns.weights[k];
  }
}

interface Places {
  readonly memory: ArrayBuffer;
  readonly sums: number;
  readonly line: number;
}

/** Sums the rows of bytes under the taps of output row j. */
function byteRows(finder: RowFinder, y: number, count: number, at: Places & { readonly weights: number }) {
  const { memory, sums, line, weights } = at;
  finder.place(line, memory);
  const length = up(count * 3);
  const ints = new Int32Array(memory);
  const reals = new Float32Array(memory);
  const { blendBytes } = kernel();
  return (rows: Taps, j: number) => {
    let at = weights / 4;
    let group = at;
    for (let k = rows.from[j], row = y + rows.first[j]; k < rows.from[j + 1]; k++, row++) {
      const weight = rows.weights[k];
      // Rows of one weight are added as whole numbers.
      if (k === rows.from[j] || weight !== rows.weights[k - 1] || ints[group + 1] === MOST_IN_GROUP) {
        group = at;
        reals[group] = weight;
        ints[group + 1] = 0;
        at += 2;
      }
      ints[group + 1]++;
      ints[at++] = finder.find(row);
    }
    blendBytes(sums, weights, at * 4, length);
  };
}

/** Sums the rows of floats under the taps of output row j. */
function floatRows({ width, height, data }: Source, x: number, y: number, count: number, at: Places) {
  const { memory, sums, line } = at;
  const length = up(count * 3);
  const sumBytes = new Uint8Array(memory, sums, length * 4 + SLACK);
  const values = new Float32Array(memory, line, length + SLACK / 4).fill(0);
  const { addFloats } = kernel();
  let loaded = Number.NaN;
  return (rows: Taps, j: number) => {
    sumBytes.fill(0);
    for (let k = rows.from[j]; k < rows.from[j + 1]; k++) {
      const row = Math.min(height - 1, Math.max(0, y + rows.first[j] + k - rows.from[j]));
      if (row !== loaded) values.set(data.subarray((row * width + x) * 3, (row * width + x + count) * 3));
      loaded = row;
      addFloats(sums, line, length, rows.weights[k]);
    }
  };
}
