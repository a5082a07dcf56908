import { reason } from './reasons.ts';
import type { Box, Judgement, Point, RgbPicture } from './types.ts';

/** Bars of one colour around a picture: how many rows or columns of each side they take up, pixels. */
export interface Bars {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/**
 * A bar's values differ from its first pixel's by at most this, on every channel: compression leaves a few
 * steps.
 */
const SAME = 10;
/** Behind a bar, values differ by more than this on some channel, in at least this share of the row. */
const OTHER = 24;
const OTHER_SHARE = 0.6;
/** Rows after a bar's last even one within which the other picture begins: what compression smears. */
const SMEARED = 10;
/** Share of the side that a bar takes up at least. */
const LEAST = 0.02;
/** Share of each side that must be left. */
const KEPT = 0.3;

/** The lines of one side, from the edge inwards. */
interface Side {
  /** Where the first line's first pixel begins, to whose values all others are compared. */
  readonly first: number;
  /** Bytes from one line to the next, and from one pixel to the next along it. */
  readonly lineStep: number;
  readonly pixelStep: number;
  readonly lines: number;
  readonly pixels: number;
}

/**
 * How many of `count` pixels, one every `step` bytes from `at` on, stand before the first that differs from
 * the pixel at `first`.
 */
function evenPixels(data: Uint8Array, at: number, step: number, count: number, first: number): number {
  // One comparison a channel: what lies below the least value wraps around.
  const red = data[first] - SAME;
  const green = data[first + 1] - SAME;
  const blue = data[first + 2] - SAME;
  for (let i = 0, here = at; i < count; i++, here += step) {
    if ((data[here] - red) >>> 0 > 2 * SAME) return i;
    if ((data[here + 1] - green) >>> 0 > 2 * SAME) return i;
    if ((data[here + 2] - blue) >>> 0 > 2 * SAME) return i;
  }
  return count;
}

/** How many rows in a row are even, from the edge inwards. */
function evenRows(data: Uint8Array, { first, lineStep, lines, pixels }: Side): number {
  const bytes = pixels * 3;
  // Rows that equal an even one are even: a comparison of bytes takes a fraction of one of values.
  let known = first;
  for (let line = 0, at = first; line < lines; line++, at += lineStep) {
    const isKnown = line > 0 && Buffer.compare(rowOf(data, known, bytes), rowOf(data, at, bytes)) === 0;
    if (isKnown) continue;
    if (evenPixels(data, at, 3, pixels, first) < pixels) return line;
    known = at;
  }
  return lines;
}

const rowOf = (data: Uint8Array, from: number, bytes: number) => data.subarray(from, from + bytes);

/**
 * How many columns in a row are even, from the edge inwards. Goes row by row, as the bytes lie: down the
 * columns of a large picture every pixel would have to be fetched by itself.
 */
function evenColumns(data: Uint8Array, { first, lineStep, pixelStep, lines, pixels }: Side): number {
  let even = lines;
  for (let row = 0, at = first; row < pixels && even > 0; row++, at += pixelStep) {
    even = evenPixels(data, at, lineStep, even, first);
  }
  return even;
}

function isOther(data: Uint8Array, side: Side, line: number): boolean {
  const { first, lineStep, pixelStep, pixels } = side;
  let other = 0;
  for (let i = 0, at = first + line * lineStep; i < pixels; i++, at += pixelStep) {
    if (
      Math.abs(data[at] - data[first]) > OTHER ||
      Math.abs(data[at + 1] - data[first + 1]) > OTHER ||
      Math.abs(data[at + 2] - data[first + 2]) > OTHER
    ) {
      other++;
    }
  }
  return other >= OTHER_SHARE * pixels;
}

/** Lines of the bar of which `even` are even: up to where the other picture begins; 0 where none does. */
function thickness(data: Uint8Array, side: Side, even: number): number {
  if (even < Math.max(4, LEAST * side.lines)) return 0;
  for (let line = even; line < Math.min(side.lines, even + SMEARED); line++) {
    if (isOther(data, side, line)) return line;
  }
  return 0;
}

/**
 * Bars around the picture, as screenshots and players leave them: rows or columns of one colour at an edge,
 * behind which most pixels differ at once. An even wall behind a head has no such edge. Null where there are
 * none, or little else.
 */
export function findBars({ width, height, data }: RgbPicture): Bars | null {
  const row = width * 3;
  const last = row * (height - 1);
  const rows = { lines: height, pixels: width, pixelStep: 3 };
  const above = { ...rows, first: 0, lineStep: row };
  const evenAbove = evenRows(data, above);
  // Then all values lie too close together for another picture to begin anywhere.
  if (evenAbove === height) return null;
  const top = thickness(data, above, evenAbove);
  const below = { ...rows, first: last, lineStep: -row };
  const bottom = thickness(data, below, evenRows(data, below));
  if (height - top - bottom < Math.max(1, KEPT * height)) return null;
  // Only beside what is left: bars above and below would end each column early.
  const columns = { lines: width, pixels: height - top - bottom, pixelStep: row };
  const beside = (first: number, lineStep: number) => {
    const side = { ...columns, first, lineStep };
    return thickness(data, side, evenColumns(data, side));
  };
  const left = beside(top * row, 3);
  const right = beside(top * row + row - 3, -3);
  if (width - left - right < Math.max(1, KEPT * width)) return null;
  return left + top + right + bottom === 0 ? null : { left, top, right, bottom };
}

/** The picture without its bars, in memory of its own. */
export function withoutBars(picture: RgbPicture, bars: Bars): RgbPicture {
  const width = picture.width - bars.left - bars.right;
  const height = picture.height - bars.top - bars.bottom;
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    const from = ((y + bars.top) * picture.width + bars.left) * 3;
    data.set(picture.data.subarray(from, from + width * 3), y * width * 3);
  }
  return { width, height, data };
}

/**
 * A judgement of the picture without its bars, told in pixels of the whole upright picture, with the reason
 * that says so. `whole` is the picture's size before any quarter turn.
 */
export function withBars(judgement: Judgement, bars: Bars, whole: RgbPicture): Judgement {
  const turns = judgement.quarterTurns;
  const x = [bars.left, bars.bottom, bars.right, bars.top][turns];
  const y = [bars.top, bars.left, bars.bottom, bars.right][turns];
  const point = (p: Point): Point => ({ x: p.x + x, y: p.y + y });
  const box = (b: Box): Box => ({
    left: b.left + x,
    top: b.top + y,
    right: b.right + x,
    bottom: b.bottom + y,
  });
  const { face } = judgement;
  const keyPoints = face && {
    eyeLeft: point(face.keyPoints.eyeLeft),
    eyeRight: point(face.keyPoints.eyeRight),
    nose: point(face.keyPoints.nose),
    mouth: point(face.keyPoints.mouth),
    earLeft: point(face.keyPoints.earLeft),
    earRight: point(face.keyPoints.earRight),
  };
  return {
    ...judgement,
    width: turns % 2 === 0 ? whole.width : whole.height,
    height: turns % 2 === 0 ? whole.height : whole.width,
    face: face && keyPoints && { ...face, box: box(face.box), keyPoints },
    crops: judgement.crops.map((crop) => ({
      ...crop,
      rect: { ...crop.rect, x: crop.rect.x + x, y: crop.rect.y + y },
    })),
    reasons: [...judgement.reasons, reason('BORDERS')],
  };
}
