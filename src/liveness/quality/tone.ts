import type { RgbPicture } from '../types.ts';
import { labOf } from './colour.ts';
import type { LumaWindow } from './window.ts';

type Colour = readonly [red: number, green: number, blue: number];

/** Every how many columns and rows of the window a pixel is taken. */
const EVERY = 4;
/** Steps of luminance that count as equally bright. */
const STEP = 8;
/** Fewer pixels of a brightness than this say nothing of their spread. */
const ENOUGH = 4;

const lumaOf = ([r, g, b]: Colour) => 0.299 * r + 0.587 * g + 0.114 * b;

function facePixels({ width, height, rgb }: LumaWindow): Colour[] {
  const pixels: Colour[] = [];
  for (let y = 1; y <= height; y += EVERY) {
    for (let x = 1; x <= width; x += EVERY) {
      const at = (y * (width + 2) + x) * 3;
      pixels.push([rgb[at], rgb[at + 1], rgb[at + 2]]);
    }
  }
  return pixels;
}

/**
 * How much equally bright parts of the face differ in colour: standard deviation of CIELAB a* and b*
 * together, among pixels of equal luminance (in 32 steps). 0 in a picture without colour, and in one of a
 * single tone (infrared, night vision, sepia); skin, lips, eyes and shadows keep it above 2.
 */
export function measureColourVariation(window: LumaWindow): number {
  const bins = new Map<number, { n: number; a: number; b: number; squares: number }>();
  for (const pixel of facePixels(window)) {
    const { a, b } = labOf(...pixel);
    const step = Math.floor(lumaOf(pixel) / STEP);
    const bin = bins.get(step) ?? { n: 0, a: 0, b: 0, squares: 0 };
    bins.set(step, { n: bin.n + 1, a: bin.a + a, b: bin.b + b, squares: bin.squares + a * a + b * b });
  }
  let sum = 0;
  let count = 0;
  for (const { n, a, b, squares } of bins.values()) {
    if (n < ENOUGH) continue;
    sum += squares - (a * a + b * b) / n;
    count += n;
  }
  return count === 0 ? 0 : Math.sqrt(Math.max(0, sum / count));
}

const clamp = (value: number) => Math.max(0, Math.min(255, value));

/** Luminance and colour differences of ITU-R BT.601, full range, to sRGB. */
function fromDifferences(y: number, blue: number, red: number): Colour {
  const [cb, cr] = [blue - 128, red - 128];
  return [clamp(y + 1.402 * cr), clamp(y - 0.344 * cb - 0.714 * cr), clamp(y + 1.772 * cb)];
}

/** Undoes a change of channels: each gives the right colour for a wrong one. */
const ORDERS: readonly ((pixel: Colour) => Colour)[] = [
  ([r, g, b]) => [b, g, r],
  ([r, g, b]) => [g, r, b],
  ([r, g, b]) => [b, r, g],
  ([r, g, b]) => [g, b, r],
];
const DIFFERENCES: readonly ((pixel: Colour) => Colour)[] = [
  ([y, b, r]) => fromDifferences(y, b, r),
  ([y, r, b]) => fromDifferences(y, b, r),
];

/**
 * Hue of skin, degrees in the a*, b* plane, and its chroma: 255 portraits lie within 3 to 66 (98 % from 20)
 * and 3 to 48.
 */
const SKIN_HUE = { low: 20, high: 70, middle: 50 } as const;
const SKIN_CHROMA = { low: 8, high: 50 } as const;
/** Below this chroma a pixel is neutral. */
const NEUTRAL = 6;
/** Points a side of the grid over the picture on which neutral ones are counted. */
const GRID = 40;

interface Tone {
  readonly hue: number;
  readonly chroma: number;
}

function meanTone(pixels: readonly Colour[]): Tone {
  let a = 0;
  let b = 0;
  for (const pixel of pixels) {
    const lab = labOf(...pixel);
    a += lab.a / pixels.length;
    b += lab.b / pixels.length;
  }
  return { hue: (Math.atan2(b, a) * 180) / Math.PI, chroma: Math.hypot(a, b) };
}

const isSkin = ({ hue, chroma }: Tone) =>
  hue >= SKIN_HUE.low && hue <= SKIN_HUE.high && chroma >= SKIN_CHROMA.low && chroma <= SKIN_CHROMA.high;

function neutralShare(pixels: readonly Colour[]): number {
  let neutral = 0;
  for (const pixel of pixels) {
    const { a, b } = labOf(...pixel);
    if (Math.hypot(a, b) < NEUTRAL) neutral++;
  }
  return neutral / pixels.length;
}

function scenePixels({ width, height, data }: RgbPicture): Colour[] {
  const pixels: Colour[] = [];
  for (let j = 0; j < GRID; j++) {
    const row = Math.floor(((j + 0.5) / GRID) * height) * width;
    for (let i = 0; i < GRID; i++) {
      const at = (row + Math.floor(((i + 0.5) / GRID) * width)) * 3;
      pixels.push([data[at], data[at + 1], data[at + 2]]);
    }
  }
  return pixels;
}

/**
 * Whether the picture's channels were changed over (blue for red, or luminance and colour differences read as
 * colours), as far as skin and neutral tones bear it out: the skin has no hue of skin, would have one with
 * other channels, and the picture has neutral tones, which such a change leaves neutral (or makes neutral
 * again) and coloured light does not. How far the skin's hue lies from the middle of natural ones then,
 * degrees, 0 to 180; 0 where nothing speaks for it.
 */
export function measureChannelOrder(picture: RgbPicture, window: LumaWindow): number {
  const face = facePixels(window);
  const tone = meanTone(face);
  if (tone.hue >= 0 && tone.hue <= 85 && tone.chroma < SKIN_CHROMA.high) return 0;
  const scene = scenePixels(picture);
  const neutral = neutralShare(scene);
  const mends = (change: (pixel: Colour) => Colour) => isSkin(meanTone(face.map(change)));
  const strange = tone.hue < -40 || tone.hue > 100;
  const swapped = strange && neutral >= 0.2 && ORDERS.some(mends);
  const differences =
    neutral < 0.1 && DIFFERENCES.some((change) => neutralShare(scene.map(change)) >= 0.2 && mends(change));
  if (!swapped && !differences) return 0;
  const away = Math.abs(tone.hue - SKIN_HUE.middle) % 360;
  return Math.min(away, 360 - away);
}
