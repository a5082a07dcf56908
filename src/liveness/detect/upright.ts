import { boxArea, intersectionOverUnion } from '../geometry.ts';
import type { Network } from '../network.ts';
import { type FloatPicture, turnClockwise } from '../resample.ts';
import type { Box } from '../types.ts';
import {
  type BlazeFace,
  type BlazeFaces,
  calibrateBox,
  findBlazeFaces,
  largestFace,
  rollDegrees,
} from './blazeface.ts';
import { findRfbFaces } from './rfb.ts';

/** The two detectors, loaded. */
export interface Detectors {
  readonly blaze: Network;
  readonly rfb: Network;
}

/** What the second detector says of a face of the first. */
export interface SecondOpinion {
  /** Best overlap of one of its boxes with the calibrated box, 0-1. */
  readonly overlap: number;
  /** Greatest logit among its boxes that overlap enough to be the same face; 0 where none does. */
  readonly logit: number;
}

/** The picture under one quarter turn, and what was seen in it. */
export interface View {
  /** Clockwise quarter turns applied. */
  readonly turns: number;
  readonly picture: FloatPicture;
  readonly faces: BlazeFaces;
  /** The largest face. */
  readonly face: BlazeFace | null;
  /** Null where the second detector was not asked. */
  readonly second: SecondOpinion | null;
}

/** Overlap of both detectors' boxes above which they see the same face. */
export const AGREEMENT_OVERLAP = 0.4;

const SURE_SCORE = 0.7;
const SURE_ROLL = 50;
const TURNED_ROLL = 45;
/** Overlap of the boxes of one face that is seen upright and on its head. */
const SAME_PLACE = 0.3;

/**
 * What the evidence for an upright face is made of, in logits: BlazeFace's score, less `spread` times the
 * spread of its key points (an upright face's boxes agree on them, one on its head makes them guess), plus
 * `second` times RFB's logit. Below `sure`, without RFB, the other turns are looked at; one of them wins by
 * at least `gain`. docs/understand/accuracy.md has what was measured.
 */
export const UPRIGHT = { spread: 20, second: 0.1, sure: 1.2, gain: 0.3 } as const;

const logit = (score: number) => Math.log(score / Math.max(1e-6, 1 - score));

/** Evidence of the first detector alone that this face stands upright. */
export function uprightEvidence(face: BlazeFace): number {
  return logit(face.score) - UPRIGHT.spread * face.spread;
}

/**
 * Whether the mouth lies below the eyes, as it does on a face that is not on its head, whatever roll the eyes
 * tell.
 */
export function mouthBelowEyes({ points: [a, b, , mouth] }: BlazeFace): boolean {
  return mouth.y > (a.y + b.y) / 2;
}

const stands = (face: BlazeFace, roll: number) => Math.abs(rollDegrees(face)) < roll && mouthBelowEyes(face);

/** A picture's box as it lies after that many clockwise quarter turns of the `width` x `height` picture. */
export function turnBox(
  { left, top, right, bottom }: Box,
  turns: number,
  width: number,
  height: number,
): Box {
  if (turns === 1) return { left: height - bottom, top: left, right: height - top, bottom: right };
  if (turns === 2)
    return { left: width - right, top: height - bottom, right: width - left, bottom: height - top };
  if (turns === 3) return { left: top, top: width - right, right: bottom, bottom: width - left };
  return { left, top, right, bottom };
}

async function look(blaze: Network, picture: FloatPicture, turns: number): Promise<View> {
  const turned = turnClockwise(picture, turns);
  const faces = await findBlazeFaces(blaze, turned);
  return { turns, picture: turned, faces, face: largestFace(faces.faces), second: null };
}

/** The view with the second detector's opinion of its face. */
export async function askSecond(rfb: Network, view: View): Promise<View> {
  if (view.face === null || view.second !== null) return view;
  const box = calibrateBox(view.face.box);
  const second = { overlap: 0, logit: 0 };
  for (const found of (await findRfbFaces(rfb, view.picture)).faces) {
    const overlap = intersectionOverUnion(box, found.box);
    second.overlap = Math.max(second.overlap, overlap);
    if (overlap > AGREEMENT_OVERLAP) second.logit = Math.max(second.logit, logit(found.score));
  }
  return { ...view, second };
}

/** A view's evidence, both detectors' together; none where the second one does not see the face. */
function evidence({ face, second }: View): number {
  if (face === null || second === null || !(second.overlap > AGREEMENT_OVERLAP))
    return Number.NEGATIVE_INFINITY;
  return uprightEvidence(face) + UPRIGHT.second * second.logit;
}

/**
 * The view of the picture in which its largest face stands upright; the straight one where no turn shows that
 * better. One run of the first detector where the face is seen for certain, four of it and up to four of the
 * second where not.
 *
 * A turned view counts only where both detectors see the face. Where the straight one was confident, a turned
 * one must show the same face or a larger one, so that another face that lies on its head does not turn the
 * picture away from the one to judge.
 */
export async function searchUpright({ blaze, rfb }: Detectors, picture: FloatPicture): Promise<View> {
  const straight = await look(blaze, picture, 0);
  const { face } = straight;
  const standing = face !== null && stands(face, SURE_ROLL);
  const confident = standing && face.score >= SURE_SCORE;
  if (confident && uprightEvidence(face) >= UPRIGHT.sure) return straight;
  const views: View[] = [];
  for (const turns of [1, 3, 2]) {
    const view = await look(blaze, picture, turns);
    if (view.face === null || !stands(view.face, TURNED_ROLL)) continue;
    if (confident) {
      const before = turnBox(face.box, turns, picture.width, picture.height);
      const same = intersectionOverUnion(before, view.face.box) > SAME_PLACE;
      if (!same && boxArea(view.face.box) <= boxArea(face.box)) continue;
    }
    views.push(await askSecond(rfb, view));
  }
  if (views.length === 0) return straight;
  const asked = await askSecond(rfb, straight);
  const turned = views.reduce((best, view) => (evidence(view) > evidence(best) ? view : best));
  const least = standing
    ? uprightEvidence(face) + UPRIGHT.second * (asked.second?.logit ?? 0) + UPRIGHT.gain
    : Number.NEGATIVE_INFINITY;
  return evidence(turned) > least ? turned : asked;
}
