import type { LumaWindow } from './window.ts';

/**
 * Every how many columns and rows of the window a pixel is converted: 480 of 7680, the mean does not need
 * more.
 */
const EVERY = 4;

function linear(byte: number): number {
  const v = byte / 255;
  return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
}

const F_LIMIT = (6 / 29) ** 3;
const f = (t: number) => (t > F_LIMIT ? Math.cbrt(t) : t / (3 * (6 / 29) ** 2) + 4 / 29);

/** CIELAB a* and b* of an sRGB colour (0-255 each), white point D65 (IEC 61966-2-1, CIE 15). */
export function labOf(red: number, green: number, blue: number): { readonly a: number; readonly b: number } {
  const r = linear(red);
  const g = linear(green);
  const l = linear(blue);
  const x = f((0.4124 * r + 0.3576 * g + 0.1805 * l) / 0.95047);
  const y = f(0.2126 * r + 0.7152 * g + 0.0722 * l);
  const z = f((0.0193 * r + 0.1192 * g + 0.9505 * l) / 1.08883);
  return { a: 500 * (x - y), b: 200 * (y - z) };
}

const A_RANGE = [5, 25] as const;
const B_RANGE = [5, 35] as const;

const outside = (value: number, [low, high]: readonly [number, number]) =>
  Math.max(0, low - value, value - high);

/**
 * Distance of the face's mean colour from the range of natural skin, in CIELAB units; 0 inside it. The range
 * is that of `NaturalColour` in ISO/IEC 29794-5: a* 5 to 25, b* 5 to 35.
 */
export function measureColour(window: LumaWindow): number {
  const { width, height, rgb } = window;
  const stride = width + 2;
  let a = 0;
  let b = 0;
  let n = 0;
  for (let y = 1; y <= height; y += EVERY) {
    for (let x = 1; x <= width; x += EVERY) {
      const at = (y * stride + x) * 3;
      const lab = labOf(rgb[at], rgb[at + 1], rgb[at + 2]);
      a += lab.a;
      b += lab.b;
      n++;
    }
  }
  return Math.hypot(outside(a / n, A_RANGE), outside(b / n, B_RANGE));
}
