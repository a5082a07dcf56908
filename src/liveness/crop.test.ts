import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CropKind, cropName, cropRect, cropTensor, type TensorForm } from './crop.ts';
import { holdPicture, letGo } from './kernel/memory.ts';
import { plainCropTensor } from './test-support/plain-crop.ts';
import type { RgbPicture } from './types.ts';

const box = { left: 40, top: 30, right: 60, bottom: 70 };
const form: TensorForm = {
  width: 4,
  height: 4,
  layout: 'NCHW',
  colourOrder: 'BGR',
  mean: [0, 0, 0],
  scale: [1, 1, 1],
};

function flat(width: number, height: number, rgb: readonly [number, number, number]): RgbPicture {
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < data.length; i++) data[i] = rgb[i % 3];
  return { width, height, data };
}

describe('cropRect', () => {
  it('cuts a square of the longer side about the centre', () => {
    expect(cropRect({ kind: 'square', factor: 1 }, box, 1, 100, 100)).toEqual({ x: 30, y: 30, w: 40, h: 40 });
    expect(cropRect({ kind: 'square', factor: 2 }, box, 1.1, 100, 100)).toEqual({ x: 6, y: 6, w: 88, h: 88 });
  });

  it('truncates toward zero and never gets smaller than two pixels', () => {
    const edge = { left: -10.4, top: 0, right: 10.2, bottom: 10 };
    expect(cropRect({ kind: 'square', factor: 1 }, edge, 1, 100, 100)).toEqual({
      x: -10,
      y: -5,
      w: 20,
      h: 20,
    });
    const tiny = { left: 5, top: 5, right: 5.5, bottom: 5.5 };
    expect(cropRect({ kind: 'square', factor: 1 }, tiny, 1, 100, 100)).toMatchObject({ w: 2, h: 2 });
  });

  it('widens a silent crop as far as the picture allows and keeps it inside', () => {
    const side = fc.integer({ min: 20, max: 400 });
    const part = fc.double({ min: -0.3, max: 1.2, noNaN: true });
    const extent = fc.double({ min: 0.05, max: 1.5, noNaN: true });
    fc.assert(
      fc.property(side, side, part, part, extent, extent, (width, height, x, y, w, h) => {
        const face = { left: x * width, top: y * height, right: (x + w) * width, bottom: (y + h) * height };
        const rect = cropRect({ kind: 'silent', factor: 2.7 }, face, 1, width, height);
        expect(rect.x).toBeGreaterThanOrEqual(0);
        expect(rect.y).toBeGreaterThanOrEqual(0);
        expect(rect.w).toBeGreaterThanOrEqual(1);
        expect(rect.h).toBeGreaterThanOrEqual(1);
      }),
    );
    expect(cropRect({ kind: 'silent', factor: 2.7 }, box, 1, 1000, 1000)).toEqual({
      x: 22,
      y: 0,
      w: 57,
      h: 111,
    });
  });

  it('names crops by kind and factor', () => {
    expect(cropName({ kind: 'square', factor: 1 })).toBe('square1.0');
    expect(cropName({ kind: 'silent', factor: 2.7 })).toBe('silent2.7');
  });
});

describe('cropTensor', () => {
  const picture = flat(100, 100, [10, 20, 30]);
  const square = { kind: 'square', factor: 1 } as const;

  it('lays planes out in the colour order asked for', () => {
    const rect = { x: 10, y: 10, w: 20, h: 20 };
    const bgr = cropTensor(picture, square, rect, form);
    expect([bgr[0], bgr[16], bgr[32]]).toEqual([30, 20, 10]);
    const rgb = cropTensor(picture, square, rect, { ...form, colourOrder: 'RGB', layout: 'NHWC' });
    expect(Array.from(rgb.subarray(0, 3))).toEqual([10, 20, 30]);
  });

  it('subtracts the mean and multiplies, by plane of the tensor', () => {
    const tensor = cropTensor(
      picture,
      square,
      { x: 0, y: 0, w: 8, h: 8 },
      { ...form, mean: [30, 10, 0], scale: [1, 0.5, 2] },
    );
    expect([tensor[0], tensor[16], tensor[32]]).toEqual([0, 5, 20]);
    const last = cropTensor(
      picture,
      square,
      { x: 0, y: 0, w: 8, h: 8 },
      { ...form, layout: 'NHWC', mean: [30, 10, 0] },
    );
    expect(Array.from(last.subarray(45))).toEqual([0, 10, 10]);
  });

  it('is black outside the picture for a square, and repeats the edge for a silent crop', () => {
    const outside = { x: -40, y: 0, w: 40, h: 40 };
    expect(new Set(cropTensor(picture, square, outside, form))).toEqual(new Set([0]));
    const half = cropTensor(picture, square, { x: -20, y: 0, w: 40, h: 40 }, form);
    expect(Array.from(half.subarray(4, 8))).toEqual([0, 0, 30, 30]);
    const silent = cropTensor(picture, { kind: 'silent', factor: 2.7 }, { x: 0, y: 0, w: 3, h: 3 }, form);
    expect(new Set(silent)).toEqual(new Set([10, 20, 30]));
  });

  it('gives what plain arithmetic gives, for any picture, rectangle and form', () => {
    const side = fc.integer({ min: 1, max: 90 });
    const edge = fc.integer({ min: -60, max: 120 });
    const tensorSide = fc.integer({ min: 1, max: 21 });
    const byPlane = (low: number, high: number) => {
      const one = fc.float({ min: low, max: high, noNaN: true });
      return fc.tuple(one, one, one);
    };
    const forms = fc.record({
      width: tensorSide,
      height: tensorSide,
      layout: fc.constantFrom('NCHW', 'NHWC'),
      colourOrder: fc.constantFrom('RGB', 'BGR'),
      mean: fc.oneof(fc.constant([0, 0, 0] as [number, number, number]), byPlane(-200, 200)),
      scale: fc.oneof(fc.constant([1, 1, 1] as [number, number, number]), byPlane(-2, 2)),
    });
    const rects = fc.record({ x: edge, y: edge, w: fc.integer({ min: 1, max: 150 }), h: side });
    const kinds = fc.constantFrom<CropKind>({ kind: 'square', factor: 1 }, { kind: 'silent', factor: 2.7 });
    fc.assert(
      fc.property(
        side,
        side,
        fc.nat(),
        kinds,
        rects,
        forms,
        fc.boolean(),
        (width, height, seed, crop, rect, f, hold) => {
          const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => ((i + seed) * 7919) >>> 3);
          const random = { width, height, data };
          if (hold) holdPicture(random);
          const found = cropTensor(random, crop, rect, f);
          letGo(random);
          const expected = plainCropTensor(random, crop, rect, f);
          // 32-bit sums of values up to 255 less up to 200, times up to 2.
          for (const [i, e] of expected.entries()) expect(Math.abs(found[i] - e)).toBeLessThan(3e-4);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('does not mistake one picture for another that is held', () => {
    const other = flat(100, 100, [200, 200, 200]);
    const rect = { x: 10, y: 10, w: 20, h: 20 };
    holdPicture(picture);
    const own = cropTensor(picture, square, rect, form).slice();
    holdPicture(other);
    letGo(picture);
    expect(new Set(cropTensor(other, square, rect, form))).toEqual(new Set([200]));
    expect(cropTensor(picture, square, rect, form)).toEqual(own);
    letGo(other);
  });
});
