import type { Label } from '../types.ts';

/** A probability of a bona fide presentation with the truth. */
export interface LabelledProbability {
  readonly label: Label;
  /** 0-1. */
  readonly probability: number;
}

/** One bar of the reliability diagram. */
export interface ReliabilityBin {
  readonly from: number;
  readonly to: number;
  readonly n: number;
  /** Mean probability said; null when the bin is empty. */
  readonly said: number | null;
  /** Share that were bona fide; null when the bin is empty. */
  readonly was: number | null;
}

/** How far probabilities can be believed. */
export interface Calibration {
  /** Mean squared difference of probability and truth (0 or 1). */
  readonly brier: number;
  /** Expected calibration error: mean of |said - was| over bins, weighted by their size. */
  readonly ece: number;
  readonly bins: readonly ReliabilityBin[];
}

/**
 * Brier score, expected calibration error and reliability diagram over bins of equal width; null without
 * rows.
 *
 * @param balanced both classes weigh the same, as probabilities at equal priors are meant; null where one is
 * missing.
 */
export function calibrate(
  rows: readonly LabelledProbability[],
  bins = 10,
  balanced = false,
): Calibration | null {
  const bonaFide = rows.filter((row) => row.label === 'bona-fide').length;
  const attacks = rows.length - bonaFide;
  if (rows.length === 0 || (balanced && (bonaFide === 0 || attacks === 0))) return null;
  const weights = balanced
    ? { 'bona-fide': rows.length / (2 * bonaFide), attack: rows.length / (2 * attacks) }
    : { 'bona-fide': 1, attack: 1 };
  const n = new Array<number>(bins).fill(0);
  const weight = new Array<number>(bins).fill(0);
  const said = new Array<number>(bins).fill(0);
  const was = new Array<number>(bins).fill(0);
  let squares = 0;
  for (const { label, probability } of rows) {
    const w = weights[label];
    const truth = label === 'bona-fide' ? 1 : 0;
    squares += w * (probability - truth) ** 2;
    const bin = Math.min(bins - 1, Math.floor(probability * bins));
    n[bin]++;
    weight[bin] += w;
    said[bin] += w * probability;
    was[bin] += w * truth;
  }
  return {
    brier: squares / rows.length,
    ece: n.reduce((sum, _, i) => sum + Math.abs(said[i] - was[i]), 0) / rows.length,
    bins: n.map((count, i) => ({
      from: i / bins,
      to: (i + 1) / bins,
      n: count,
      said: count === 0 ? null : said[i] / weight[i],
      was: count === 0 ? null : was[i] / weight[i],
    })),
  };
}
