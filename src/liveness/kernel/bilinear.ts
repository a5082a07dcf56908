import { kernel, reserve, rowFinder, SLACK, type Source, up, workspace } from './memory.ts';

/** Two source elements for each output element along one side, with their weights. Indices never fall. */
export interface Pairs {
  readonly near: Int32Array;
  readonly far: Int32Array;
  readonly weightNear: Float64Array;
  readonly weightFar: Float64Array;
}

/** The form of a tensor of samples: `(v - mean) * scale`, by colour, and the place of each colour. */
export interface SampleForm {
  readonly layout: 'NCHW' | 'NHWC';
  /** Places of red, green and blue among a pixel's values or planes. */
  readonly places: readonly [number, number, number];
  /** Of red, green, blue. */
  readonly mean: readonly [number, number, number];
  readonly scale: readonly [number, number, number];
}

/**
 * Bilinear samples of a byte picture into `tensor`, `columns` by `rows` of them. All indices must lie inside
 * the picture; what is to count as black there has weight zero.
 */
export function sampleBilinear(
  source: Source,
  columns: Pairs,
  rows: Pairs,
  form: SampleForm,
  tensor: Float32Array,
): void {
  const n = columns.near.length;
  const m = rows.near.length;
  const x = columns.near[0];
  const finder = rowFinder(source, x, columns.far[n - 1] - x + 1, 2);
  const wide = (n + 3) & ~3;
  const planar = form.layout === 'NCHW';
  const plane = n * m * 4;

  const table = workspace();
  const norm = up(table + n * 16);
  const pixels = norm + 32;
  const slots = pixels + wide * 16;
  const planes = up(slots + finder.room);
  const memory = reserve(planes + (planar ? 3 * plane : 0) + SLACK);
  finder.place(slots, memory);
  const ints = new Int32Array(memory, table, n * 4);
  const reals = new Float32Array(memory, table, n * 4);
  for (let i = 0; i < n; i++) {
    ints[i * 4] = (columns.near[i] - x) * 3;
    ints[i * 4 + 1] = (columns.far[i] - x) * 3;
    reals[i * 4 + 2] = columns.weightNear[i];
    reals[i * 4 + 3] = columns.weightFar[i];
  }
  new Float32Array(memory, norm, 8).set([...form.mean, 0, ...form.scale, 0]);
  const line = new Float32Array(memory, pixels, wide * 4);
  const [red, green, blue] = form.places;
  const { bilinear, split } = kernel();
  const whole = n % 4 === 0;
  for (let j = 0; j < m; j++) {
    const top = finder.find(rows.near[j]);
    const bottom = finder.find(rows.far[j]);
    bilinear(pixels, table, n, top, bottom, rows.weightNear[j], rows.weightFar[j], norm);
    if (planar && whole) {
      const at = planes + j * n * 4;
      split(pixels, n, at + red * plane, at + green * plane, at + blue * plane);
    } else {
      const step = planar ? 1 : 3;
      const apart = planar ? n * m : 1;
      for (let i = 0, at = j * n * step; i < n; i++, at += step) {
        tensor[at + red * apart] = line[i * 4];
        tensor[at + green * apart] = line[i * 4 + 1];
        tensor[at + blue * apart] = line[i * 4 + 2];
      }
    }
  }
  if (planar && whole) tensor.set(new Float32Array(memory, planes, 3 * n * m));
}
