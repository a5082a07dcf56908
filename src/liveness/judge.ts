import { findBars, withBars, withoutBars } from './bars.ts';
import { liveProbability, scoreOf } from './calibrate.ts';
import { type Classifier, classifyFace, classProbabilities } from './classify.ts';
import { detectFace, detectionPicture, type LocatedFace } from './detect/face.ts';
import type { Detectors } from './detect/upright.ts';
import { fuseLogits, type Weighed } from './fuse.ts';
import { holdPicture, letGo } from './kernel/memory.ts';
import type { ProfilePlan } from './plans.ts';
import { assessQuality } from './quality/assess.ts';
import { DEFAULT_CAPTURE } from './quality/capture.ts';
import { measureFace } from './quality/measure.ts';
import { reason } from './reasons.ts';
import { reportedScore } from './reported-score.ts';
import { turnClockwise } from './resample.ts';
import { backingOf } from './review.ts';
import { thumbnailOf } from './stills/thumbnail.ts';
import type {
  Box,
  CapturePreset,
  CropEvidence,
  FaceFinding,
  FaceSize,
  Judgement,
  ModelUsed,
  Profile,
  QualityComponent,
  Reason,
  ReviewLimits,
  RgbPicture,
  Verdict,
} from './types.ts';

/** A profile with its loaded classifiers, the weightiest built-in one first. */
export interface ReadyProfile extends ProfilePlan {
  readonly classifiers: readonly Classifier[];
  /** Every network that takes part, the detectors included. */
  readonly used: readonly ModelUsed[];
}

/** Everything loaded that a judgement needs. */
export interface Models {
  readonly detectors: Detectors;
  readonly profiles: ReadonlyMap<Profile, ReadyProfile>;
}

/** What one judgement is asked for. */
export interface JudgeSettings {
  readonly profile: Profile;
  /** Score above which the picture is taken for live, 0-100. */
  readonly threshold: number;
  /** What the picture must offer; `lenient` where nothing is given. */
  readonly capture?: CapturePreset;
  /** Whether the picture is one of several: what they are compared by is found too. */
  readonly still?: boolean;
  /** In place of the limits that the calibration names. */
  readonly review?: ReviewLimits;
}

function faceFinding(face: LocatedFace): FaceFinding {
  const [eyeLeft, eyeRight, nose, mouth, earLeft, earRight] = face.points;
  return {
    box: face.box,
    keyPoints: { eyeLeft, eyeRight, nose, mouth, earLeft, earRight },
    detectorScore: face.score,
    detectorIoU: face.detectorIoU,
  };
}

function sizeOf(box: Box): FaceSize {
  return { width: box.right - box.left, height: box.bottom - box.top };
}

/** Mean class probabilities over the runs of one classifier. */
function meanClasses(leading: Classifier, evidence: readonly CropEvidence[]): Record<string, number> {
  const { card } = leading;
  const runs = evidence.filter((e) => e.model === card.name).map((e) => classProbabilities(card, e.outputs));
  return Object.fromEntries(
    card.output.classes.map((name, i) => [name, runs.reduce((sum, p) => sum + p[i], 0) / runs.length]),
  );
}

/**
 * Judges a decoded picture (EXIF orientation already applied): leaves bars around it aside, finds the face,
 * turns it upright, runs every classifier on its crops, fuses, maps to a score and measures quality. The same
 * pixels always give the same numbers.
 */
export async function judgePicture(
  models: Models,
  picture: RgbPicture,
  settings: JudgeSettings,
): Promise<Judgement> {
  const start = performance.now();
  const bars = findBars(picture);
  const inner = bars === null ? picture : withoutBars(picture, bars);
  holdPicture(inner);
  try {
    const judgement = await judge(models, inner, settings, start);
    const whole = bars === null ? judgement : withBars(judgement, bars, picture);
    if (settings.still !== true) return whole;
    const { score, probability } = readyProfile(models, settings.profile).calibration;
    return { ...whole, still: { thumbnail: thumbnailOf(picture), curve: { score, probability } } };
  } finally {
    letGo(inner);
  }
}

/** The profile with its networks; asking for one that is not ready is a mistake of the caller. */
function readyProfile({ profiles }: Models, name: Profile): ReadyProfile {
  const ready = profiles.get(name);
  if (ready === undefined) throw new RangeError(`the networks of the profile "${name}" are not loaded`);
  return ready;
}

/**
 * Limits hold for the networks they were fitted for alone: none where a pack joined that brought no
 * calibration.
 */
const reviewLimitsOf = ({ calibration, calibrated }: ProfilePlan): ReviewLimits | null =>
  calibrated ? calibration.review : null;

const weighed = ({ cards, profile }: ReadyProfile): readonly Weighed[] =>
  cards.map((card) => ({ name: card.name, weight: card.profiles[profile]?.weight ?? 0 }));

/** @param start when the search for bars began, which counts as a part of finding the face. */
async function judge(
  models: Models,
  picture: RgbPicture,
  settings: JudgeSettings,
  start: number,
): Promise<Judgement> {
  const plan = readyProfile(models, settings.profile);
  const { capture = DEFAULT_CAPTURE } = settings;
  const limits = settings.review ?? reviewLimitsOf(plan);
  const milliseconds: Record<string, number> = { detect: 0, crop: 0, classify: 0, quality: 0 };
  const spent = (step: string, ms: number) => {
    milliseconds[step] += ms;
  };
  const small = detectionPicture(picture);
  const detection = await detectFace(models.detectors, picture, small);
  small.release();
  const upright = detection.face === null ? picture : turnClockwise(picture, detection.quarterTurns);
  spent('detect', performance.now() - start);

  const reasons: Reason[] = [];
  let verdict: Verdict = 'no_face';
  let quality: readonly QualityComponent[] = [];
  let evidence: CropEvidence[] = [];
  let z: number | null = null;
  let rawScore: number | null = null;
  let probability: number | null = null;
  let review = false;
  const { face } = detection;
  if (face === null) {
    reasons.push(reason(detection.why === 'detectors_disagree' ? 'DETECTORS_DISAGREE' : 'NO_FACE'));
  } else {
    const before = performance.now();
    const measures = measureFace(upright, face, detection.faceCount, detection.others);
    const assessed = assessQuality(measures, capture);
    spent('quality', performance.now() - before);
    for (const classifier of plan.classifiers) {
      evidence = evidence.concat(await classifyFace(classifier, upright, face.box, plan.profile, spent));
    }
    z = fuseLogits(weighed(plan), evidence);
    rawScore = scoreOf(plan.calibration, z);
    probability = liveProbability(plan.calibration, z);
    quality = assessed.components;
    verdict = assessed.tooPoor ? 'poor_quality' : rawScore > settings.threshold ? 'live' : 'attack';
    const backing = backingOf(verdict, probability, limits);
    review = backing.review;
    if (backing.reason !== null) reasons.push(backing.reason);
    reasons.push(...assessed.reasons);
    if (detection.quarterTurns !== 0) reasons.push(reason('PICTURE_TURNED'));
  }
  milliseconds.total = performance.now() - start;
  return {
    verdict,
    score: reportedScore(verdict, rawScore),
    rawScore,
    liveProbability: probability,
    review,
    reviewLimits: limits,
    threshold: settings.threshold,
    profile: settings.profile,
    capture,
    classProbabilities: evidence.length === 0 ? {} : meanClasses(plan.classifiers[0], evidence),
    fusedLogit: z,
    face: face === null ? null : faceFinding(face),
    faceCount: detection.faceCount,
    faceSizes: face === null ? [] : [face.box, ...detection.others].map(sizeOf),
    width: upright.width,
    height: upright.height,
    quarterTurns: face === null ? 0 : detection.quarterTurns,
    quality,
    reasons,
    crops: evidence,
    models: plan.used,
    milliseconds,
  };
}
