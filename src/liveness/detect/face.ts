import { boxArea, overlapArea, scaleBox } from '../geometry.ts';
import { type FloatPicture, shrinkByArea, toFloats } from '../resample.ts';
import { borrow, giveBack } from '../scratch.ts';
import type { Box, Point, RgbPicture } from '../types.ts';
import { calibrateBox, rollDegrees } from './blazeface.ts';
import { AGREEMENT_OVERLAP, askSecond, type Detectors, searchUpright } from './upright.ts';

/** The face to judge, in pixels of the upright picture. */
export interface LocatedFace {
  /** Calibrated box; may reach outside the picture. */
  readonly box: Box;
  readonly points: readonly Point[];
  /** BlazeFace's score, 0-1. */
  readonly score: number;
  /**
   * Best overlap of an RFB box with `box`, 0-1; null where BlazeFace was sure enough for the second not to be
   * asked.
   */
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

const SCORE_ALONE = 0.8;

/** The picture the detectors see, of which the values are made only where they are asked for. */
export interface DetectionPicture extends FloatPicture {
  readonly source: RgbPicture;
  /** Hands the values back; the picture must not be used afterwards. */
  release(): void;
}

/**
 * The picture the detectors see: shrunk by exact area averaging to a longest side of 640 pixels, or as it is.
 * Its values are borrowed (scratch.ts); a detector that shrinks further takes them from the source in one
 * pass, and they are never made.
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

/** Share of the box that lies inside a `width` x `height` picture, 0-1. */
export function shareInside(box: Box, width: number, height: number): number {
  const area = boxArea(box);
  return area > 0 ? overlapArea(box, { left: 0, top: 0, right: width, bottom: height }) / area : 0;
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
  const view = await searchUpright(detectors, small);
  // The second detector is asked only where its answer can change the outcome.
  const unsure = view.face !== null && view.face.score < SCORE_ALONE;
  const {
    turns,
    picture: seen,
    faces,
    face: found,
    second,
  } = unsure ? await askSecond(detectors.rfb, view) : view;
  const base = { quarterTurns: turns, faceCount: faces.faces.length, others: [] };
  if (found === null) return { ...base, face: null, why: 'no_face' };
  const agreed = second !== null && second.overlap > AGREEMENT_OVERLAP;
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
      detectorIoU: second === null ? null : second.overlap,
      roll: rollDegrees(found),
    },
  };
}
