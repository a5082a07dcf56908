import { describe, expect, it } from 'vitest';
import { painted } from '../test-support/painted.ts';
import { measureChannelOrder, measureColourVariation } from './tone.ts';
import { lumaWindow } from './window.ts';

type Colour = [number, number, number];
const square = { x: 32, y: 32, w: 64, h: 64 };

/** Skin in the middle, lit from one side, with redder and paler parts; a grey wall and a white board around. */
function person(change: (colour: Colour) => Colour = (c) => c) {
  return painted(128, 128, (x, y) => {
    const light = 0.7 + (0.4 * x) / 128;
    const inside = x >= 32 && x < 96 && y >= 32 && y < 96;
    const red = (y >> 2) % 3 === 0 ? 14 : (x >> 2) % 3 === 0 ? -8 : 0;
    const colour: Colour = inside
      ? [190 * light + red, 140 * light - red, 112 * light]
      : y < 64
        ? [80, 80, 79]
        : [236, 236, 238];
    return change(colour);
  });
}

const luma = ([r, g, b]: Colour) => 0.299 * r + 0.587 * g + 0.114 * b;
const variation = (change?: (colour: Colour) => Colour) =>
  measureColourVariation(lumaWindow(person(change), square));
const order = (change?: (colour: Colour) => Colour) => {
  const picture = person(change);
  return measureChannelOrder(picture, lumaWindow(picture, square));
};

describe('measureColourVariation', () => {
  it('is above 2 for skin', () => expect(variation()).toBeGreaterThan(2));

  it.each<[string, (c: Colour) => Colour]>([
    ['grey', (c) => [luma(c), luma(c), luma(c)]],
    ['infrared, bluish', (c) => [luma(c) * 0.9, luma(c) * 0.85, luma(c)]],
    ['night vision', (c) => [luma(c) * 0.3, luma(c), luma(c) * 0.35]],
    ['sepia', (c) => [luma(c) * 0.95, luma(c) * 0.8, luma(c) * 0.6]],
  ])('is below 1.5 in a picture of one tone: %s', (_, change) => {
    expect(variation(change)).toBeLessThan(1.5);
  });
});

describe('measureChannelOrder', () => {
  it('is 0 for skin, in white, warm and blue light', () => {
    expect(order()).toBe(0);
    expect(order(([r, g, b]) => [Math.min(255, r * 1.15), g, b * 0.7])).toBe(0);
    expect(order(([r, g, b]) => [r * 0.55, g * 0.8, Math.min(255, b * 1.3)])).toBe(0);
  });

  it.each<[string, (c: Colour) => Colour]>([
    ['blue first', ([r, g, b]) => [b, g, r]],
    ['green first', ([r, g, b]) => [g, r, b]],
    [
      'luminance and differences read as colours',
      (c) => [luma(c), 128 + (c[2] - luma(c)) * 0.564, 128 + (c[0] - luma(c)) * 0.713],
    ],
  ])('tells %s', (_, change) => expect(order(change)).toBeGreaterThan(30));

  it('says nothing where no neutral tones bear it out', () => {
    const coloured = painted(128, 128, (x, y) =>
      x >= 32 && x < 96 && y >= 32 && y < 96 ? [112, 140, 190] : [40, 90, 200],
    );
    expect(measureChannelOrder(coloured, lumaWindow(coloured, square))).toBe(0);
  });
});
