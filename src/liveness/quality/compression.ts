import type { Box, RgbPicture } from '../types.ts';

/** Side of the blocks that JPEG (and most video) compresses, pixels. */
const BLOCK = 8;
/** Differences looked at in each direction, at most about this many. */
const BUDGET = 30_000;
/** Added to both means, so that a flat face (differences of rounding alone) gives no ratio of its own. */
const FLOOR = 0.25;

/**
 * Block artefacts of strong compression: how much stronger luminance bends at every eighth column (row) of
 * the face than at the others, mean of both directions; about 1 where there is no block grid. The grid may
 * begin anywhere (pictures are turned and cut), so the strongest of the eight positions counts. Measured on
 * the picture's own pixels: a picture resized after compression has lost its grid and measures about 1.
 *
 * After Z. Wang, H. R. Sheikh, A. C. Bovik, "No-reference perceptual quality assessment of JPEG compressed
 * images" (ICIP 2002), with the second difference in place of the first.
 */
export function measureBlocks(picture: RgbPicture, box: Box): number {
  const { width, height } = picture;
  const left = Math.max(2, Math.ceil(box.left));
  const top = Math.max(2, Math.ceil(box.top));
  const right = Math.min(width - 2, Math.floor(box.right));
  const bottom = Math.min(height - 2, Math.floor(box.bottom));
  if (right - left < 2 * BLOCK || bottom - top < 2 * BLOCK) return 1;
  const across = strongestPhase(
    picture,
    { from: left, to: right, step: 3 },
    { from: top, to: bottom, step: width * 3 },
  );
  const down = strongestPhase(
    picture,
    { from: top, to: bottom, step: width * 3 },
    { from: left, to: right, step: 3 },
  );
  return (across + down) / 2;
}

interface Run {
  readonly from: number;
  readonly to: number;
  /** Bytes from one pixel to the next along it. */
  readonly step: number;
}

/**
 * Ratio of the strongest phase's mean bend to the mean of the other phases, walking `along`, on some lines of
 * `lines`.
 */
function strongestPhase(picture: RgbPicture, along: Run, lines: Run): number {
  const { data } = picture;
  const { step } = along;
  const skip = Math.max(1, Math.ceil(((along.to - along.from) * (lines.to - lines.from)) / BUDGET));
  const sums = new Float64Array(BLOCK);
  let walked = 0;
  for (let line = lines.from; line < lines.to; line += skip) {
    let at = line * lines.step + along.from * step;
    let before = luma(data, at - 2 * step);
    let here = luma(data, at - step);
    let next = luma(data, at);
    for (let i = along.from; i < along.to; i++) {
      at += step;
      const after = luma(data, at);
      // Between `here` and `next` runs the edge that is looked at; twice the bend, to stay with whole
      // numbers.
      sums[i & (BLOCK - 1)] += Math.abs(3 * (next - here) + before - after);
      before = here;
      here = next;
      next = after;
    }
    walked++;
  }
  let total = 0;
  let strongest = 0;
  for (let p = 0; p < BLOCK; p++) {
    const mean = sums[p] / (2 * 256 * walked * inPhase(along, p)) + FLOOR;
    total += mean;
    strongest = Math.max(strongest, mean);
  }
  return (strongest * (BLOCK - 1)) / (total - strongest);
}

/** How many of the places from `from` up to `to` are `phase` more than a multiple of the block's side. */
function inPhase({ from, to }: Run, phase: number): number {
  const below = (end: number) => Math.floor((end - phase + BLOCK - 1) / BLOCK);
  return below(to) - below(from);
}

/** Luminance of ITU-R BT.601 times 256, from bytes. */
function luma(data: Uint8Array, at: number): number {
  return 77 * data[at] + 150 * data[at + 1] + 29 * data[at + 2];
}
