import { intersectionOverUnion } from '../geometry.ts';
import { loadNetwork, type Network } from '../network.ts';
import type { FloatPicture } from '../resample.ts';
import { giveBack } from '../scratch.ts';
import type { Box } from '../types.ts';
import { letterbox } from './letterbox.ts';

/** A face as RFB-320 sees it, in pixels of the picture it was given. */
export interface RfbFace {
  readonly box: Box;
  /** 0-1. */
  readonly score: number;
}

/** The faces of one picture, best first, and the padding that found them. */
export interface RfbFaces {
  readonly faces: readonly RfbFace[];
  readonly pad: number;
}

const WIDTH = 320;
const HEIGHT = 240;
const PRIORS = 4420;
const SCORE_MINIMUM = 0.5;
const OVERLAP = 0.4;

const SHAPE = {
  input: { name: 'input', dims: [1, 3, HEIGHT, WIDTH] },
  outputs: [
    { name: 'scores', dims: [1, PRIORS, 2] },
    { name: 'boxes', dims: [1, PRIORS, 4] },
  ],
};

/**
 * Loads RFB-320 (input NCHW [1,3,240,320], RGB, (v - 127) / 128).
 * @throws {ModelError} when the file is not what the card says
 */
export function loadRfb(file: string): Promise<Network> {
  return loadNetwork(file, SHAPE);
}

/** The input tensor for `picture`: area-averaged letterbox, border 127. Exported for the golden tests. */
export function rfbInput(picture: FloatPicture, pad: number) {
  return letterbox(picture, WIDTH, HEIGHT, pad, { layout: 'NCHW', mean: 127, divisor: 128, fill: 127 });
}

/** Plain non-maximum suppression: best first, whatever overlaps a kept face by more than `OVERLAP` goes. */
export function suppress(faces: readonly RfbFace[]): RfbFace[] {
  const kept: RfbFace[] = [];
  for (const face of [...faces].sort((a, b) => b.score - a.score)) {
    if (kept.every((k) => intersectionOverUnion(k.box, face.box) <= OVERLAP)) kept.push(face);
  }
  return kept;
}

/** Finds faces with RFB-320; tries once more with half the frame empty when nothing is found. */
export async function findRfbFaces(network: Network, picture: FloatPicture): Promise<RfbFaces> {
  for (const pad of [0, 0.5]) {
    const { tensor, back } = rfbInput(picture, pad);
    const outputs = await network.run(tensor);
    giveBack(tensor);
    const scores = outputs.get('scores')!;
    const boxes = outputs.get('boxes')!;
    const found: RfbFace[] = [];
    for (let i = 0; i < PRIORS; i++) {
      const score = scores[i * 2 + 1];
      if (!(score > SCORE_MINIMUM)) continue;
      const x = (fraction: number) => (fraction * WIDTH - back.left) * back.kx;
      const y = (fraction: number) => (fraction * HEIGHT - back.top) * back.ky;
      const o = i * 4;
      found.push({
        score,
        box: { left: x(boxes[o]), top: y(boxes[o + 1]), right: x(boxes[o + 2]), bottom: y(boxes[o + 3]) },
      });
    }
    const faces = suppress(found);
    if (faces.length > 0) return { faces, pad };
  }
  return { faces: [], pad: 0.5 };
}
