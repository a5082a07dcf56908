import type { Calibration } from './card-schema.ts';

/**
 * What of a calibration makes a score of a logit: points (Z, score) of a piecewise linear curve, flat
 * outside.
 */
export type ScoreCurve = Pick<Calibration, 'score'>;

/** What of a calibration makes a probability of a logit (Platt scaling): `1 / (1 + exp(-(a Z + b)))`. */
export type ProbabilityScaling = Pick<Calibration, 'probability'>;

/** The score before rounding, 0-100, for a fused logit. */
export function exactScore({ score: knots }: ScoreCurve, z: number): number {
  if (!(z > knots[0][0])) return knots[0][1];
  for (let i = 1; i < knots.length; i++) {
    const [x0, y0] = knots[i - 1];
    const [x1, y1] = knots[i];
    if (z <= x1) return y0 + ((z - x0) / (x1 - x0)) * (y1 - y0);
  }
  return knots[knots.length - 1][1];
}

/** The score as answered: an integer 0-100, halves upwards. */
export function scoreOf(curve: ScoreCurve, z: number): number {
  return Math.floor(exactScore(curve, z) + 0.5);
}

/** Probability of a bona fide presentation at equal priors, 0-1. */
export function liveProbability({ probability: { a, b } }: ProbabilityScaling, z: number): number {
  return 1 / (1 + Math.exp(-(a * z + b)));
}
