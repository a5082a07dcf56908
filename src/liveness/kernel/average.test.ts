import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { averageAreas } from './average.ts';
import { holdPicture, letGo, type Source } from './memory.ts';
import { areaTaps, composeTaps, type Taps } from './taps.ts';

describe('the kernel', () => {
  it('is what resample.wat says', async () => {
    const script = new URL('../../../scripts/build-kernel.mjs', import.meta.url).href;
    const { kernelModule } = (await import(script)) as { kernelModule: () => Promise<string> };
    const committed = await readFile(new URL('./resample-kernel.ts', import.meta.url), 'utf8');
    expect(committed).toBe(await kernelModule());
  });
});

/** Averages into a new array; `scale` is one over the area of a cell. */
function averaged(source: Source, columns: Taps, rows: Taps, scale: number, x = 0, y = 0): Float32Array {
  const n = columns.first.length;
  const array = new Float32Array(n * rows.first.length * 3);
  averageAreas(source, x, y, columns, rows, { array, offset: 0, stride: n * 3, scale, shift: 0 });
  return array;
}

const expectClose = (found: Float32Array, expected: Float32Array, tolerance: number) => {
  expect(found.length).toBe(expected.length);
  for (const [i, e] of expected.entries()) expect(Math.abs(found[i] - e)).toBeLessThanOrEqual(tolerance);
};

describe('averageAreas', () => {
  const width = 37;
  const height = 23;
  const bytes = Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * 97) % 256);
  const columns = areaTaps(0, width / 7, 7, width - 1);
  const rows = areaTaps(0, height / 5, 5, height - 1);
  const scale = 35 / (width * height);

  it('gives the same for bytes and for floats of the same values, whatever was averaged before', () => {
    const run = (data: Uint8Array | Float32Array) => averaged({ width, height, data }, columns, rows, scale);
    const first = run(bytes);
    run(new Float32Array(bytes.length).fill(Number.NaN));
    expect(run(bytes)).toEqual(first);
    expectClose(run(Float32Array.from(bytes)), first, 1e-3);
  });

  it('gives the same for a picture that is held, inside and over its edges', () => {
    const picture = { width, height, data: bytes };
    const at = fc.integer({ min: -30, max: 30 });
    fc.assert(
      fc.property(at, at, (x, y) => {
        const apart = averaged(picture, columns, rows, scale, x, y);
        holdPicture(picture);
        expect(averaged(picture, columns, rows, scale, x, y)).toEqual(apart);
        letGo(picture);
      }),
    );
  });

  it('repeats the edge outside a picture of bytes', () => {
    const data = Uint8Array.of(10, 20, 30, 40, 50, 60);
    const step = areaTaps(0, 1, 5, 4);
    const found = averaged({ width: 2, height: 1, data }, step, step, 1, -2, -2);
    const row = [10, 20, 30, 10, 20, 30, 10, 20, 30, 40, 50, 60, 40, 50, 60];
    expect(Array.from(found)).toEqual([row, row, row, row, row].flat());
  });

  it('writes a scaled and shifted result into a part of an array', () => {
    const array = new Float32Array(20).fill(7);
    const two = areaTaps(0, 1, 2, 1);
    const data = Uint8Array.from({ length: 12 }, (_, i) => i);
    averageAreas({ width: 2, height: 2, data }, 0, 0, two, two, {
      array,
      offset: 1,
      stride: 10,
      scale: 2,
      shift: -1,
    });
    expect(Array.from(array)).toEqual([7, -1, 1, 3, 5, 7, 9, 7, 7, 7, 7, 11, 13, 15, 17, 19, 21, 7, 7, 7]);
  });

  it('grows its memory for wide pictures', () => {
    const data = new Uint8Array(60_000 * 2 * 3).fill(5);
    const wide = areaTaps(0, 100, 600, 59_999);
    const out = averaged({ width: 60_000, height: 2, data }, wide, areaTaps(0, 2, 1, 1), 1 / 200);
    expect(Math.max(...out)).toBeCloseTo(5, 4);
    expect(Math.min(...out)).toBeCloseTo(5, 4);
  });
});

describe('composeTaps', () => {
  it('does in one pass what two passes do', () => {
    const share = fc.double({ min: 0.05, max: 1, noNaN: true });
    const sides = fc.tuple(fc.integer({ min: 1, max: 60 }), share, share);
    fc.assert(
      fc.property(sides, sides, fc.nat(), ([w, k, l], [h, p, q], seed) => {
        const less = (size: number, by: number) => Math.max(1, Math.round(size * by));
        const [mw, mh] = [less(w, k), less(h, p)];
        const [n, m] = [less(mw, l), less(mh, q)];
        const data = Uint8Array.from({ length: w * h * 3 }, (_, i) => ((i + seed) * 7919) >>> 3);
        const taps = (from: number, to: number) => areaTaps(0, from / to, to, from - 1);
        const first = averaged({ width: w, height: h, data }, taps(w, mw), taps(h, mh), (mw * mh) / (w * h));
        const two = averaged(
          { width: mw, height: mh, data: first },
          taps(mw, n),
          taps(mh, m),
          (n * m) / (mw * mh),
        );
        const one = averaged(
          { width: w, height: h, data },
          composeTaps(taps(w, mw), taps(mw, n)),
          composeTaps(taps(h, mh), taps(mh, m)),
          (n * m) / (w * h),
        );
        expectClose(one, two, 1e-3);
      }),
    );
  });
});
