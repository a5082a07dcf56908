import { scoreOf } from '../calibrate.ts';
import type { Judgement } from '../types.ts';
import { calibrationOf } from './cards.ts';
import { keyPointsAt, someJudgement } from './judgement.ts';

const curve = calibrationOf('careful');
/** Key points that say nothing. */
export const someKeyPoints = keyPointsAt(0, 0);

/** The judgement of one of several stills, with this fused logit. */
export function madeStill(z: number, change: Partial<Judgement> = {}): Judgement {
  const rawScore = scoreOf(curve, z);
  return someJudgement({
    verdict: rawScore > 87 ? 'live' : 'attack',
    score: rawScore,
    rawScore,
    fusedLogit: z,
    face: {
      box: { left: 100, top: 100, right: 300, bottom: 300 },
      keyPoints: someKeyPoints,
      detectorScore: 1,
      detectorIoU: null,
    },
    still: { thumbnail: null, curve },
    ...change,
  });
}
