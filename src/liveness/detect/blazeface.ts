import { boxArea, intersectionOverUnion } from '../geometry.ts';
import { loadNetwork, type Network } from '../network.ts';
import type { FloatPicture } from '../resample.ts';
import { giveBack } from '../scratch.ts';
import type { Box, Point } from '../types.ts';
import { letterbox } from './letterbox.ts';

/** A face as BlazeFace sees it, in pixels of the picture it was given. */
export interface BlazeFace {
  /** The detector's square. */
  readonly box: Box;
  /** 0-1. */
  readonly score: number;
  /** Eye on the picture's left, eye on its right, nose, mouth, ear left, ear right. */
  readonly points: readonly Point[];
  /**
   * How far the boxes that were blended into this face differ in its key points: standard deviation, mean
   * over the points, box widths.
   */
  readonly spread: number;
}

/** The faces of one picture and the padding that found them (0, or 0.5 when nothing was found without). */
export interface BlazeFaces {
  readonly faces: readonly BlazeFace[];
  readonly pad: number;
}

const SIDE = 256;
const SCORE_MINIMUM = 0.5;
const GROUP_OVERLAP = 0.3;
const POINTS = 6;
const VALUES = 16;

/** Centres of the anchors as fractions: a 16 x 16 grid with 2 a cell, then an 8 x 8 grid with 6. */
const LEVELS = [
  { grid: 16, perCell: 2, scores: 'Identity:0', regressions: 'Identity_2:0' },
  { grid: 8, perCell: 6, scores: 'Identity_1:0', regressions: 'Identity_3:0' },
] as const;

const SHAPE = {
  input: { name: 'input:0', dims: [1, SIDE, SIDE, 3] },
  outputs: LEVELS.flatMap(({ grid, perCell, scores, regressions }) => [
    { name: scores, dims: [1, grid * grid * perCell, 1] },
    { name: regressions, dims: [1, grid * grid * perCell, VALUES] },
  ]),
};

/**
 * Loads BlazeFace back (input NHWC [1,256,256,3], RGB, (v - 127.5) / 127.5).
 * @throws {ModelError} when the file is not what the card says
 */
export function loadBlazeFace(file: string): Promise<Network> {
  return loadNetwork(file, SHAPE);
}

/** The input tensor for `picture`: area-averaged letterbox, black border. Exported for the golden tests. */
export function blazeInput(picture: FloatPicture, pad: number) {
  return letterbox(picture, SIDE, SIDE, pad, { layout: 'NHWC', mean: 127.5, divisor: 127.5, fill: 0 });
}

function decode(outputs: ReadonlyMap<string, Float32Array>): BlazeFace[] {
  const found: BlazeFace[] = [];
  for (const { grid, perCell, scores, regressions } of LEVELS) {
    const logits = outputs.get(scores)!;
    const values = outputs.get(regressions)!;
    for (let i = 0; i < logits.length; i++) {
      const score = 1 / (1 + Math.exp(-logits[i]));
      if (!(score >= SCORE_MINIMUM)) continue;
      const cell = Math.floor(i / perCell);
      const ax = (((cell % grid) + 0.5) / grid) * SIDE;
      const ay = ((Math.floor(cell / grid) + 0.5) / grid) * SIDE;
      const r = values.subarray(i * VALUES, (i + 1) * VALUES);
      const cx = ax + r[0];
      const cy = ay + r[1];
      const points: Point[] = [];
      for (let j = 0; j < POINTS; j++) points.push({ x: ax + r[4 + 2 * j], y: ay + r[5 + 2 * j] });
      const box = { left: cx - r[2] / 2, top: cy - r[3] / 2, right: cx + r[2] / 2, bottom: cy + r[3] / 2 };
      found.push({ box, score, points, spread: 0 });
    }
  }
  return found;
}

/**
 * Non-maximum suppression by blending: every remaining face that overlaps the best one by more than
 * `GROUP_OVERLAP` joins it; box and points become the score-weighted mean, the score stays the best one's.
 */
export function blendFaces(faces: readonly BlazeFace[]): BlazeFace[] {
  let remaining = [...faces].sort((a, b) => b.score - a.score);
  const blended: BlazeFace[] = [];
  while (remaining.length > 0) {
    const head = remaining[0];
    const group = remaining.filter(
      (f) => f === head || intersectionOverUnion(f.box, head.box) > GROUP_OVERLAP,
    );
    remaining = remaining.filter((f) => !group.includes(f));
    const total = group.reduce((sum, f) => sum + f.score, 0);
    const mean = (value: (f: BlazeFace) => number) =>
      group.reduce((sum, f) => sum + value(f) * f.score, 0) / total;
    const box = {
      left: mean((f) => f.box.left),
      top: mean((f) => f.box.top),
      right: mean((f) => f.box.right),
      bottom: mean((f) => f.box.bottom),
    };
    const points = head.points.map((_, j) => ({
      x: mean((f) => f.points[j].x),
      y: mean((f) => f.points[j].y),
    }));
    const deviation = ({ x, y }: Point, j: number) =>
      Math.sqrt(mean((f) => (f.points[j].x - x) ** 2 + (f.points[j].y - y) ** 2));
    const apart = points.reduce((sum, point, j) => sum + deviation(point, j), 0) / points.length;
    blended.push({ score: head.score, box, points, spread: apart / Math.max(1e-6, box.right - box.left) });
  }
  return blended;
}

/**
 * Finds faces with BlazeFace; tries once more with half the frame empty when nothing is found (very large
 * faces).
 */
export async function findBlazeFaces(network: Network, picture: FloatPicture): Promise<BlazeFaces> {
  for (const pad of [0, 0.5]) {
    const { tensor, back } = blazeInput(picture, pad);
    const outputs = await network.run(tensor);
    giveBack(tensor);
    const blended = blendFaces(decode(outputs));
    if (blended.length === 0) continue;
    const x = (px: number) => (px - back.left) * back.kx;
    const y = (py: number) => (py - back.top) * back.ky;
    const faces = blended.map((f) => ({
      score: f.score,
      spread: f.spread,
      box: { left: x(f.box.left), top: y(f.box.top), right: x(f.box.right), bottom: y(f.box.bottom) },
      points: f.points.map((p) => ({ x: x(p.x), y: y(p.y) })),
    }));
    return { faces, pad };
  }
  return { faces: [], pad: 0.5 };
}

/**
 * BlazeFace's square moved and stretched to the box that the classifier's crops were measured with (a
 * least-squares fit of one detector's boxes to the other's). Same units as the input.
 */
export function calibrateBox(square: Box): Box {
  const w = square.right - square.left;
  const h = square.bottom - square.top;
  const cx = (square.left + square.right) / 2 - 0.006 * w;
  const cy = (square.top + square.bottom) / 2 - 0.109 * h;
  return { left: cx - 0.461 * w, top: cy - 0.639 * h, right: cx + 0.461 * w, bottom: cy + 0.639 * h };
}

/** The face with the largest box, or null. */
export function largestFace(faces: readonly BlazeFace[]): BlazeFace | null {
  let best: BlazeFace | null = null;
  for (const face of faces) if (best === null || boxArea(face.box) > boxArea(best.box)) best = face;
  return best;
}

/** Roll of the head in degrees, from the eyes: 0 upright, positive clockwise. */
export function rollDegrees(face: BlazeFace): number {
  const [a, b] = face.points;
  return (Math.atan2(b.y - a.y, b.x - a.x) * 180) / Math.PI;
}
