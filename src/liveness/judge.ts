import { findBars, withBars, withoutBars } from './bars.ts';
import { liveProbability, scoreOf } from './calibrate.ts';
import { type Classifier, classifyFace, classProbabilities } from './classify.ts';
import { type Detectors, detectFace, detectionPicture, type LocatedFace } from './detect/face.ts';
import { fuseLogits } from './fuse.ts';
import { holdPicture, letGo } from './kernel/memory.ts';
import { assessQuality } from './quality/assess.ts';
import { measureFace } from './quality/measure.ts';
import { reason } from './reasons.ts';
import { reportedScore } from './reported-score.ts';
import { turnClockwise } from './resample.ts';
import type {
  Box,
  CropEvidence,
  FaceFinding,
  FaceSize,
  Judgement,
  ModelUsed,
  Profile,
  QualityComponent,
  Reason,
  RgbPicture,
  Verdict,
} from './types.ts';

/** Everything loaded that a judgement needs. The first classifier is the built-in one. */
export interface Models {
  readonly detectors: Detectors;
  readonly classifiers: readonly Classifier[];
  readonly used: readonly ModelUsed[];
}

/** What one judgement is asked for. */
export interface JudgeSettings {
  readonly profile: Profile;
  /** Score above which the picture is taken for live, 0-100. */
  readonly threshold: number;
}

/** Score above which a picture is taken for live, where nothing else is set. */
export const DEFAULT_THRESHOLD = 87;

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

/** Mean class probabilities over the runs of the built-in classifier. */
function meanClasses(builtIn: Classifier, evidence: readonly CropEvidence[]): Record<string, number> {
  const { card } = builtIn;
  const runs = evidence.filter((e) => e.model === card.name).map((e) => classProbabilities(card, e.outputs));
  return Object.fromEntries(
    card.output.classes.map((name, i) => [name, runs.reduce((sum, p) => sum + p[i], 0) / runs.length]),
  );
}

/**
 * Judges a decoded picture (EXIF orientation already applied): leaves bars around it aside, finds the face, turns it upright, runs every classifier on
 * its crops, fuses, maps to a score and measures quality. The same pixels always give the same numbers.
 */
export async function judgePicture(
  models: Models,
  picture: RgbPicture,
  settings: JudgeSettings,
): Promise<Judgement> {
  const bars = findBars(picture);
  const inner = bars === null ? picture : withoutBars(picture, bars);
  holdPicture(inner);
  try {
    const judgement = await judge(models, inner, settings);
    return bars === null ? judgement : withBars(judgement, bars, picture);
  } finally {
    letGo(inner);
  }
}

async function judge(models: Models, picture: RgbPicture, settings: JudgeSettings): Promise<Judgement> {
  const milliseconds: Record<string, number> = { detect: 0, crop: 0, classify: 0, quality: 0 };
  const spent = (step: string, ms: number) => {
    milliseconds[step] += ms;
  };
  const start = performance.now();
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
  const { face } = detection;
  if (face === null) {
    reasons.push(reason(detection.why === 'detectors_disagree' ? 'DETECTORS_DISAGREE' : 'NO_FACE'));
  } else {
    const before = performance.now();
    const assessed = assessQuality(measureFace(upright, face, detection.faceCount, detection.others));
    spent('quality', performance.now() - before);
    for (const classifier of models.classifiers) {
      evidence = evidence.concat(await classifyFace(classifier, upright, face.box, settings.profile, spent));
    }
    z = fuseLogits(
      models.classifiers.map((c) => c.card),
      evidence,
    );
    rawScore = scoreOf(settings.profile, z);
    quality = assessed.components;
    verdict = assessed.tooPoor ? 'poor_quality' : rawScore > settings.threshold ? 'live' : 'attack';
    if (verdict === 'attack') reasons.push(reason('ATTACK_SUSPECTED'));
    reasons.push(...assessed.reasons);
    if (detection.quarterTurns !== 0) reasons.push(reason('PICTURE_TURNED'));
  }
  milliseconds.total = performance.now() - start;
  return {
    verdict,
    score: reportedScore(verdict, rawScore),
    rawScore,
    liveProbability: z === null ? null : liveProbability(settings.profile, z),
    threshold: settings.threshold,
    profile: settings.profile,
    classProbabilities: evidence.length === 0 ? {} : meanClasses(models.classifiers[0], evidence),
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
    models: models.used,
    milliseconds,
  };
}
