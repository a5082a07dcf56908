import type { Judgement } from '../types.ts';

/** The key points of a face, all at one place: they say nothing. */
export function keyPointsAt(x: number, y: number) {
  const point = { x, y };
  return { eyeLeft: point, eyeRight: point, nose: point, mouth: point, earLeft: point, earRight: point };
}

/** A judgement of a live picture, for tests; what matters to one is given. */
export function someJudgement(change: Partial<Judgement> = {}): Judgement {
  return {
    verdict: 'live',
    score: 93,
    rawScore: 93,
    liveProbability: 0.9,
    review: false,
    reviewLimits: null,
    threshold: 87,
    profile: 'careful',
    classProbabilities: {},
    fusedLogit: 3,
    face: null,
    faceCount: 1,
    width: 720,
    height: 960,
    quarterTurns: 0,
    quality: [],
    reasons: [],
    crops: [],
    models: [],
    milliseconds: {},
    ...change,
  };
}
