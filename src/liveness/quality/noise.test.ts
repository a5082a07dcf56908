import { describe, expect, it } from 'vitest';
import { painted } from '../test-support/painted.ts';
import { measureColourNoise } from './noise.ts';
import { lumaWindow } from './window.ts';

const whole = { x: 0, y: 0, w: 128, h: 128 };

/** Normal numbers, the same ones each time. */
function normal() {
  let state = 7;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 1) / 4294967297;
  };
  return () => Math.sqrt(-2 * Math.log(next())) * Math.cos(2 * Math.PI * next());
}

type Change = (random: () => number) => readonly [number, number, number];

/** A face of soft shadows with an edge in colour, and `change` added to each pixel. */
function noise(change: Change): number {
  const random = normal();
  const picture = painted(128, 128, (x, y) => {
    const light = 0.7 + (0.3 * x) / 128;
    const [r, g, b] = y > 90 ? [170, 70, 80] : [190, 140, 115];
    const [dr, dg, db] = change(random);
    return [Math.round(r * light + dr), Math.round(g * light + dg), Math.round(b * light + db)];
  });
  return measureColourNoise(lumaWindow(picture, whole));
}

describe('measureColourNoise', () => {
  it('is near 0 without noise, whatever shadows and edges there are', () => {
    expect(noise(() => [0, 0, 0])).toBeLessThan(0.6);
  });

  it('does not see grey noise', () => {
    const change: Change = (random) => {
      const n = 12 * random();
      return [n, n, n];
    };
    expect(noise(change)).toBeLessThan(1);
  });

  it.each([2, 4, 8, 15])('estimates noise of sigma %i in Cb and Cr within a tenth', (sigma) => {
    const change: Change = (random) => {
      const [cb, cr] = [sigma * random(), sigma * random()];
      return [1.402 * cr, -0.344 * cb - 0.714 * cr, 1.772 * cb];
    };
    expect(Math.abs(noise(change) / sigma - 1)).toBeLessThan(0.1);
  });
});
