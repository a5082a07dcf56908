import { describe, expect, it } from 'vitest';
import { painted } from '../test-support/painted.ts';
import { labOf, measureColour } from './colour.ts';
import { lumaWindow } from './window.ts';

const distance = (...colour: [number, number, number]) =>
  measureColour(
    lumaWindow(
      painted(128, 128, () => colour),
      { x: 0, y: 0, w: 128, h: 128 },
    ),
  );

describe('labOf', () => {
  it.each<[string, [number, number, number], number, number]>([
    ['white', [255, 255, 255], 0, 0],
    ['black', [0, 0, 0], 0, 0],
    ['red', [255, 0, 0], 80.09, 67.2],
    ['green', [0, 255, 0], -86.18, 83.18],
    ['blue', [0, 0, 255], 79.19, -107.86],
  ])('gives the published a* and b* of %s', (_, colour, a, b) => {
    const lab = labOf(...colour);
    expect(lab.a).toBeCloseTo(a, 0);
    expect(lab.b).toBeCloseTo(b, 0);
  });
});

describe('measureColour', () => {
  it.each<[string, [number, number, number]]>([
    ['light', [236, 188, 180]],
    ['medium', [198, 140, 110]],
    ['brown', [141, 85, 60]],
    ['dark brown', [74, 50, 40]],
  ])('takes %s skin for natural', (_, colour) => {
    expect(distance(...colour)).toBe(0);
  });

  it('measures how far away a colour is', () => {
    // Grey has a* = b* = 0: 5 units short in each direction.
    expect(distance(128, 128, 128)).toBeCloseTo(Math.hypot(5, 5), 1);
    expect(distance(110, 150, 220)).toBeGreaterThan(30);
    expect(distance(120, 200, 120)).toBeGreaterThan(30);
  });
});
