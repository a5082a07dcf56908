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

/** Bytes from one row (or column) to the next, and from one pixel to the next along it. */
interface Walk {
  readonly start: number;
  readonly lineStep: number;
  readonly pixelStep: number;
  readonly lines: number;
  readonly pixels: number;
}

function differs(data: Uint8Array, at: number, first: number, most: number): boolean {
  for (let c = 0; c < 3; c++) if (Math.abs(data[at + c] - data[first + c]) > most) return true;
  return false;
}

function isEven(data: Uint8Array, walk: Walk, line: number): boolean {
  let at = walk.start + line * walk.lineStep;
  for (let i = 0; i < walk.pixels; i++, at += walk.pixelStep) {
    if (differs(data, at, walk.start, SAME)) return false;
  }
  return true;
}

function isOther(data: Uint8Array, walk: Walk, line: number): boolean {
  let at = walk.start + line * walk.lineStep;
  let other = 0;
  for (let i = 0; i < walk.pixels; i++, at += walk.pixelStep) {
    if (differs(data, at, walk.start, OTHER)) other++;
  }
  return other >= OTHER_SHARE * walk.pixels;
}

function thickness(data: Uint8Array, walk: Walk): number {
  let even = 0;
  while (even < walk.lines && isEven(data, walk, even)) even++;
  if (even < Math.max(4, LEAST * walk.lines)) return 0;
  for (let line = even; line < Math.min(walk.lines, even + SMEARED); line++) {
    if (isOther(data, walk, line)) return line;
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
  const top = thickness(data, { ...rows, start: 0, lineStep: row });
  const bottom = thickness(data, { ...rows, start: last, lineStep: -row });
  if (height - top - bottom < Math.max(1, KEPT * height)) return null;
  // Only beside what is left: bars above and below would end each column early.
  const columns = { lines: width, pixels: height - top - bottom, pixelStep: row };
  const left = thickness(data, { ...columns, start: top * row, lineStep: 3 });
  const right = thickness(data, { ...columns, start: top * row + row - 3, lineStep: -3 });
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
