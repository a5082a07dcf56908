import { scoreOf } from '../calibrate.ts';
import type { Judgement } from '../types.ts';
import { calibrationOf } from './cards.ts';

const curve = calibrationOf('careful');
const point = { x: 0, y: 0 };
/** Key points that say nothing. */
export const someKeyPoints = {
  eyeLeft: point,
  eyeRight: point,
  nose: point,
  mouth: point,
  earLeft: point,
  earRight: point,
};

/** The judgement of one of several stills, with this fused logit. */
export function madeStill(z: number, change: Partial<Judgement> = {}): Judgement {
  const rawScore = scoreOf(curve, z);
  return {
    verdict: rawScore > 87 ? 'live' : 'attack',
    score: rawScore,
    rawScore,
    liveProbability: 0.9,
    review: false,
    reviewLimits: null,
    threshold: 87,
    profile: 'careful',
    classProbabilities: {},
    fusedLogit: z,
    face: {
      box: { left: 100, top: 100, right: 300, bottom: 300 },
      keyPoints: someKeyPoints,
      detectorScore: 1,
      detectorIoU: null,
    },
    faceCount: 1,
    width: 720,
    height: 960,
    quarterTurns: 0,
    quality: [],
    reasons: [],
    crops: [],
    models: [],
    milliseconds: {},
    still: { thumbnail: null, curve },
    ...change,
  };
}
