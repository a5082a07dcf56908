import { boxArea, intersectionOverUnion, overlapArea, scaleBox } from '../geometry.ts';
import type { Network } from '../network.ts';
import { type FloatPicture, shrinkByArea, toFloats, turnClockwise } from '../resample.ts';
import { borrow, giveBack } from '../scratch.ts';
import type { Box, Point, RgbPicture } from '../types.ts';
import { type BlazeFace, type BlazeFaces, findBlazeFaces, largestFace, rollDegrees } from './blazeface.ts';
import { findRfbFaces, type RfbFaces } from './rfb.ts';

/** The two detectors, loaded. */
export interface Detectors {
  readonly blaze: Network;
  readonly rfb: Network;
}

/** The face to judge, in pixels of the upright picture. */
export interface LocatedFace {
  /** Calibrated box; may reach outside the picture. */
  readonly box: Box;
  readonly points: readonly Point[];
  /** BlazeFace's score, 0-1. */
  readonly score: number;
  /** Best overlap of an RFB box with `box`, 0-1; null where BlazeFace was sure enough for the second not to be asked. */
  readonly detectorIoU: number | null;
  /** Degrees. */
  readonly roll: number;
}

/** What the detectors say of a picture. `face` is null where none counts, and `why` says why. */
export interface Detection {
  readonly quarterTurns: number;
  readonly face: LocatedFace | null;
  readonly why: 'found' | 'no_face' | 'detectors_disagree';
  readonly faceCount: number;
  /** Boxes of the other faces in the upright picture, the largest first; none where `face` is null. */
  readonly others: readonly Box[];
}

/** Longest side of the picture that the detectors see, in pixels. */
export const DETECTION_SIDE = 640;

const SURE_SCORE = 0.7;
const SURE_ROLL = 50;
const TURNED_ROLL = 45;
const TURN_GAIN = 0.1;
const AGREEMENT_OVERLAP = 0.4;
const SCORE_ALONE = 0.8;

/** The picture the detectors see, of which the values are made only where they are asked for. */
export interface DetectionPicture extends FloatPicture {
  readonly source: RgbPicture;
  /** Hands the values back; the picture must not be used afterwards. */
  release(): void;
}

/**
 * The picture the detectors see: shrunk by exact area averaging to a longest side of 640 pixels, or as it is. Its values
 * are borrowed (scratch.ts); a detector that shrinks further takes them from the source in one pass, and they are never made.
 */
export function detectionPicture(picture: RgbPicture): DetectionPicture {
  const k = Math.min(1, DETECTION_SIDE / Math.max(picture.width, picture.height));
  const width = Math.max(1, Math.round(k * picture.width));
  const height = Math.max(1, Math.round(k * picture.height));
  let values: Float32Array | null = null;
  return {
    width,
    height,
    source: picture,
    get data() {
      if (values === null) {
        values = borrow(width * height * 3, DETECTION_SIDE * DETECTION_SIDE * 3);
        if (k < 1) shrinkByArea(picture, width, height, values);
        else toFloats(picture, values);
      }
      return values;
    },
    release() {
      if (values !== null) giveBack(values);
      values = null;
    },
  };
}

/**
 * BlazeFace's square moved and stretched to the box that the classifier's crops were measured with (a least-squares fit
 * of one detector's boxes to the other's). Same units as the input.
 */
export function calibrateBox(square: Box): Box {
  const w = square.right - square.left;
  const h = square.bottom - square.top;
  const cx = (square.left + square.right) / 2 - 0.006 * w;
  const cy = (square.top + square.bottom) / 2 - 0.109 * h;
  return { left: cx - 0.461 * w, top: cy - 0.639 * h, right: cx + 0.461 * w, bottom: cy + 0.639 * h };
}

/** Share of the box that lies inside a `width` x `height` picture, 0-1. */
export function shareInside(box: Box, width: number, height: number): number {
  const area = boxArea(box);
  return area > 0 ? overlapArea(box, { left: 0, top: 0, right: width, bottom: height }) / area : 0;
}

interface Turned {
  readonly turns: number;
  readonly picture: FloatPicture;
  readonly faces: BlazeFaces;
}

/** The quarter turn under which BlazeFace sees the largest face best. */
async function searchUpright(blaze: Network, picture: FloatPicture): Promise<Turned[]> {
  const straight = { turns: 0, picture, faces: await findBlazeFaces(blaze, picture) };
  const face = largestFace(straight.faces.faces);
  const roll = face === null ? 180 : Math.abs(rollDegrees(face));
  if (face !== null && face.score >= SURE_SCORE && roll < SURE_ROLL) return [straight];
  let best: Turned = straight;
  let bestScore = face !== null && roll < SURE_ROLL ? face.score : 0;
  for (const turns of [1, 3, 2]) {
    const turned = turnClockwise(picture, turns);
    const faces = await findBlazeFaces(blaze, turned);
    const candidate = largestFace(faces.faces);
    if (candidate === null || Math.abs(rollDegrees(candidate)) >= TURNED_ROLL) continue;
    if (candidate.score > bestScore + TURN_GAIN) {
      best = { turns, picture: turned, faces };
      bestScore = candidate.score;
    }
  }
  return best === straight ? [straight] : [best, straight];
}

function bestOverlap(face: BlazeFace, rfb: RfbFaces): number {
  const box = calibrateBox(face.box);
  return rfb.faces.reduce((best, f) => Math.max(best, intersectionOverUnion(box, f.box)), 0);
}

/**
 * Finds the face to judge: upright search, both detectors, their agreement, the calibrated box.
 *
 * @param picture the whole picture's size in pixels before any quarter turn.
 * @param small its detection picture, see {@link detectionPicture}.
 */
export async function detectFace(
  detectors: Detectors,
  picture: { readonly width: number; readonly height: number },
  small: FloatPicture,
): Promise<Detection> {
  const candidates = await searchUpright(detectors.blaze, small);
  for (const { turns, picture: seen, faces } of candidates) {
    const found = largestFace(faces.faces);
    const turned = turns !== 0;
    // The second detector is asked only where its answer can change the outcome.
    const asked = found !== null && (turned || found.score < SCORE_ALONE);
    const overlap = asked ? bestOverlap(found, await findRfbFaces(detectors.rfb, seen)) : null;
    const agreed = overlap !== null && overlap > AGREEMENT_OVERLAP;
    // A turned picture counts only where the second detector sees the same face in it.
    if (turned && !agreed) continue;
    const base = { quarterTurns: turns, faceCount: faces.faces.length, others: [] };
    if (found === null) return { ...base, face: null, why: 'no_face' };
    if (!agreed && found.score < SCORE_ALONE) return { ...base, face: null, why: 'detectors_disagree' };
    const sideways = turns % 2 === 1;
    const kx = (sideways ? picture.height : picture.width) / seen.width;
    const ky = (sideways ? picture.width : picture.height) / seen.height;
    return {
      ...base,
      why: 'found',
      others: faces.faces
        .filter((face) => face !== found)
        .map((face) => calibrateBox(scaleBox(face.box, kx, ky)))
        .sort((a, b) => boxArea(b) - boxArea(a)),
      face: {
        box: calibrateBox(scaleBox(found.box, kx, ky)),
        points: found.points.map((p) => ({ x: p.x * kx, y: p.y * ky })),
        score: found.score,
        detectorIoU: overlap,
        roll: rollDegrees(found),
      },
    };
  }
  throw new Error('unreachable: there is always a candidate');
}
