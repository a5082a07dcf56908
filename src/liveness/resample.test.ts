import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resize, shrinkByArea, toFloats, turnClockwise } from './resample.ts';
import type { RgbPicture } from './types.ts';

function noise(width: number, height: number, seed = 1): RgbPicture {
  const data = new Uint8Array(width * height * 3);
  let state = seed >>> 0;
  for (let i = 0; i < data.length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    data[i] = state >>> 24;
  }
  return { width, height, data };
}

/** Area averaging as the definition says it, pixel by pixel. */
function byDefinition({ width, height, data }: RgbPicture, n: number, m: number): number[] {
  const out: number[] = [];
  const share = (cell: number, step: number, i: number) =>
    Math.max(0, Math.min(i + 1, (cell + 1) * step) - Math.max(i, cell * step));
  for (let j = 0; j < m; j++) {
    for (let i = 0; i < n; i++) {
      for (let c = 0; c < 3; c++) {
        let sum = 0;
        for (let y = 0; y < height; y++) {
          const wy = share(j, height / m, y);
          if (wy === 0) continue;
          for (let x = 0; x < width; x++) sum += wy * share(i, width / n, x) * data[(y * width + x) * 3 + c];
        }
        out.push(sum / ((width / n) * (height / m)));
      }
    }
  }
  return out;
}

const expectClose = (found: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 1e-3) => {
  expect(found.length).toBe(expected.length);
  for (let i = 0; i < found.length; i++) {
    if (!(Math.abs(found[i] - expected[i]) <= tolerance)) {
      throw new Error(`value ${i}: found ${found[i]}, expected ${expected[i]}`);
    }
  }
};

describe('shrinkByArea', () => {
  it('is the mean of the covered rectangle, for any sizes', () => {
    const side = fc.integer({ min: 1, max: 40 });
    fc.assert(
      fc.property(
        side,
        side,
        fc.double({ min: 0.02, max: 1, noNaN: true }),
        fc.nat(),
        (width, height, k, seed) => {
          const n = Math.max(1, Math.round(k * width));
          const m = Math.max(1, Math.round(k * height));
          const picture = noise(width, height, seed);
          expectClose(shrinkByArea(picture, n, m).data, byDefinition(picture, n, m));
        },
      ),
      { numRuns: 150 },
    );
  });

  it('is exact for large ratios: 300 rows to one, rows aligned to words or not', () => {
    for (const width of [8, 9, 12]) {
      const white = { width, height: 900, data: new Uint8Array(width * 900 * 3).fill(255) };
      expectClose(shrinkByArea(white, 2, 3).data, new Array(18).fill(255));
      const picture = noise(width, 900);
      expectClose(shrinkByArea(picture, 3, 2).data, byDefinition(picture, 3, 2), 0.01);
    }
  });

  it('does not depend on where the bytes lie in memory', () => {
    const picture = noise(16, 64);
    const shifted = new Uint8Array(picture.data.length + 1);
    shifted.set(picture.data, 1);
    expectClose(
      shrinkByArea({ ...picture, data: shifted.subarray(1) }, 4, 5).data,
      shrinkByArea(picture, 4, 5).data,
      1e-4,
    );
  });
});

describe('resize', () => {
  it('averages when a side shrinks, even if the other grows', () => {
    const picture = noise(10, 4);
    expectClose(resize(toFloats(picture), 5, 8).data, byDefinition(picture, 5, 8));
  });

  it('is bilinear with half-pixel centres when it grows', () => {
    const picture = toFloats({ width: 2, height: 1, data: Uint8Array.of(0, 0, 0, 100, 100, 100) });
    const row = Array.from(resize(picture, 4, 1).data).filter((_, i) => i % 3 === 0);
    expectClose(row, [0, 25, 75, 100]);
  });

  it('keeps a picture of the same size as it is', () => {
    const picture = toFloats(noise(5, 5));
    expect(resize(picture, 5, 5)).toBe(picture);
  });
});

describe('turnClockwise', () => {
  it('moves the left column to the top row', () => {
    const picture = { width: 2, height: 2, data: Uint8Array.of(1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4) };
    const first = (p: RgbPicture) => Array.from(p.data).filter((_, i) => i % 3 === 0);
    expect(first(turnClockwise(picture, 1))).toEqual([3, 1, 4, 2]);
    expect(first(turnClockwise(picture, 2))).toEqual([4, 3, 2, 1]);
    expect(first(turnClockwise(picture, 3))).toEqual([2, 4, 1, 3]);
  });

  it('moves every pixel of a picture of several squares to its place', () => {
    const picture = noise(150, 70);
    const pixel = ({ width, data }: RgbPicture, x: number, y: number) => data[(y * width + x) * 3 + 1];
    const [right, around, left] = [1, 2, 3].map((turns) => turnClockwise(picture, turns));
    const places = Array.from({ length: 150 * 70 }, (_, i) => [i % 150, Math.floor(i / 150)]);
    const expected = places.map(([x, y]) => pixel(picture, x, y));
    expect(places.map(([x, y]) => pixel(right, 69 - y, x))).toEqual(expected);
    expect(places.map(([x, y]) => pixel(around, 149 - x, 69 - y))).toEqual(expected);
    expect(places.map(([x, y]) => pixel(left, y, 149 - x))).toEqual(expected);
  });

  it('comes back after four quarter turns, bytes and floats alike', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: -4, max: 4 }),
        (w, h, t) => {
          const picture = noise(w, h);
          expect(turnClockwise(turnClockwise(picture, t), 4 - t)).toEqual(picture);
          const floats = toFloats(picture);
          expect(turnClockwise(turnClockwise(floats, t), -t)).toEqual(floats);
        },
      ),
    );
  });
});
