import { describe, expect, it } from 'vitest';
import { painted } from '../test-support/painted.ts';
import { measureBackLight, measureLightSpread } from './light.ts';
import { lumaWindow } from './window.ts';

const windowOf = (paint: (x: number, y: number) => number) =>
  lumaWindow(painted(128, 128, paint), { x: 0, y: 0, w: 128, h: 128 });

describe('measureLightSpread', () => {
  it('gives a flat face no bit, two tones one bit, a ramp more', () => {
    expect(measureLightSpread(windowOf(() => 90)).dynamicRange).toBe(0);
    expect(measureLightSpread(windowOf((_, y) => (y % 2) * 100)).dynamicRange).toBeCloseTo(1, 3);
    // 96 rows of equal numbers of pixels, each of its own grey.
    expect(measureLightSpread(windowOf((_, y) => 2 * y)).dynamicRange).toBeCloseTo(Math.log2(96), 1);
  });

  it('finds both halves alike, or not at all', () => {
    expect(measureLightSpread(windowOf((_, y) => y)).uniformity).toBeCloseTo(1, 6);
    expect(measureLightSpread(windowOf((x) => (x < 64 ? 60 : 180))).uniformity).toBeLessThan(0.02);
  });

  it('shares the part that both halves have', () => {
    // The right half has the left one's grey in its upper half only.
    const { uniformity } = measureLightSpread(windowOf((x, y) => (x < 64 || y < 64 ? 60 : 180)));
    expect(uniformity).toBeCloseTo(0.5, 1);
  });

  it('takes values at the ends of the scale', () => {
    expect(measureLightSpread(windowOf(() => 255)).dynamicRange).toBe(0);
    expect(measureLightSpread(windowOf(() => 0)).uniformity).toBe(1);
  });
});

describe('measureBackLight', () => {
  const box = { left: 80, top: 100, right: 160, bottom: 210 };
  const inHead = (x: number, y: number) => Math.abs(x - 120) < 55 && y > 77;

  it('is the step from the face to what is beside and above the head', () => {
    const picture = painted(240, 320, (x, y) => (inHead(x, y) ? 50 : 250));
    expect(measureBackLight(picture, box, 50)).toBeCloseTo(200, 0);
    const dark = painted(240, 320, (x, y) => (inHead(x, y) ? 180 : 20));
    expect(measureBackLight(dark, box, 180)).toBeCloseTo(-160, 0);
  });

  it('does not look at hair, face or clothes', () => {
    const picture = painted(240, 320, (x, y) => (inHead(x, y) || y > 190 ? 0 : 130));
    expect(measureBackLight(picture, box, 100)).toBeCloseTo(30, 0);
  });

  it('says nothing where the face fills the picture', () => {
    const picture = painted(80, 110, () => 99);
    expect(measureBackLight(picture, { left: 0, top: 0, right: 80, bottom: 110 }, 99)).toBeNull();
    expect(measureBackLight(picture, { left: 9, top: 9, right: 9, bottom: 9 }, 99)).toBeNull();
  });
});
