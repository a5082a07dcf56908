import type { Label } from '../types.ts';

/** A score with its label: all that curves need. */
export interface LabelledScore {
  readonly label: Label;
  readonly score: number;
}

/**
 * Error rates at every threshold that makes a difference, thresholds rising. A score is accepted when it is
 * strictly above the threshold, so entry 0 (threshold -Infinity) accepts everything and the last one (the
 * largest score) nothing. Rates are shares of 1; NaN where the class has no members.
 */
export interface ErrorCurve {
  readonly thresholds: Float64Array;
  /** Share of attacks accepted, all species pooled. */
  readonly apcer: Float64Array;
  /** Share of bona fide rejected. */
  readonly bpcer: Float64Array;
  readonly bonaFide: number;
  readonly attacks: number;
}

/**
 * The scores grouped by equal value, ascending: what a curve is made of, and what a bootstrap draws from
 * again and again.
 */
export interface ScoreLevels {
  /** The distinct scores, ascending. */
  readonly values: Float64Array;
  /** For each row given, the index of its score in `values`. */
  readonly levelOf: Int32Array;
}

/** Sorts scores into levels. */
export function scoreLevels(scores: readonly number[]): ScoreLevels {
  const order = Int32Array.from(scores, (_, i) => i).sort((i, j) => scores[i] - scores[j]);
  const levelOf = new Int32Array(scores.length);
  const values: number[] = [];
  for (const i of order) {
    if (values.length === 0 || scores[i] !== values[values.length - 1]) values.push(scores[i]);
    levelOf[i] = values.length - 1;
  }
  return { values: Float64Array.from(values), levelOf };
}

/** Counts on each level, of either label. */
export interface LevelCounts {
  readonly bonaFide: Float64Array;
  readonly attack: Float64Array;
}

/** The error curve of counted levels. */
export function curveOfLevels(values: Float64Array, counts: LevelCounts): ErrorCurve {
  let bonaFide = 0;
  let attacks = 0;
  for (let i = 0; i < values.length; i++) {
    bonaFide += counts.bonaFide[i];
    attacks += counts.attack[i];
  }
  const thresholds = new Float64Array(values.length + 1);
  const apcer = new Float64Array(values.length + 1);
  const bpcer = new Float64Array(values.length + 1);
  thresholds[0] = -Infinity;
  apcer[0] = attacks / attacks;
  bpcer[0] = bonaFide === 0 ? Number.NaN : 0;
  let rejectedBonaFide = 0;
  let acceptedAttacks = attacks;
  for (let i = 0; i < values.length; i++) {
    rejectedBonaFide += counts.bonaFide[i];
    acceptedAttacks -= counts.attack[i];
    thresholds[i + 1] = values[i];
    apcer[i + 1] = acceptedAttacks / attacks;
    bpcer[i + 1] = rejectedBonaFide / bonaFide;
  }
  return { thresholds, apcer, bpcer, bonaFide, attacks };
}

/** The error curve of rows. */
export function errorCurve(rows: readonly LabelledScore[]): ErrorCurve {
  const { values, levelOf } = scoreLevels(rows.map((row) => row.score));
  const counts = { bonaFide: new Float64Array(values.length), attack: new Float64Array(values.length) };
  rows.forEach((row, i) => {
    counts[row.label === 'attack' ? 'attack' : 'bonaFide'][levelOf[i]]++;
  });
  return curveOfLevels(values, counts);
}

/**
 * Area under the ROC: the chance that a bona fide score exceeds an attack score, ties counting half; counted
 * in whole pairs, so that separable scores give exactly 1. NaN without both classes.
 */
export function areaUnderRoc({ apcer, bpcer, bonaFide, attacks }: ErrorCurve): number {
  if (bonaFide === 0 || attacks === 0) return Number.NaN;
  let pairs = 0;
  let accepted = attacks;
  let rejected = 0;
  for (let i = 1; i < apcer.length; i++) {
    const acceptedNow = Math.round(apcer[i] * attacks);
    const rejectedNow = Math.round(bpcer[i] * bonaFide);
    pairs += (accepted - acceptedNow) * (bonaFide - (rejected + rejectedNow) / 2);
    accepted = acceptedNow;
    rejected = rejectedNow;
  }
  return pairs / (bonaFide * attacks);
}

/** Where APCER and BPCER are equal. */
export interface EqualError {
  readonly rate: number;
  /** Threshold at the crossing: the middle of the scores around it. */
  readonly threshold: number;
}

/**
 * Equal error rate: where the ROC, points joined by straight lines, meets APCER = BPCER. With tied scores
 * this interpolates between the two operating points that can really be had.
 */
export function equalError(curve: ErrorCurve): EqualError {
  const { apcer, bpcer } = curve;
  for (let i = 1; i < apcer.length; i++) {
    const before = apcer[i - 1] - bpcer[i - 1];
    const after = apcer[i] - bpcer[i];
    if (!(after <= 0)) continue;
    const share = before / (before - after);
    const rate = bpcer[i - 1] + share * (bpcer[i] - bpcer[i - 1]);
    return { rate, threshold: usableThreshold(curve, before < -after ? i - 1 : i) };
  }
  return { rate: Number.NaN, threshold: Number.NaN };
}

/**
 * The threshold of entry `i` as it is used on other pictures: halfway to the next higher score, which leaves
 * the decisions on these rows as they are and sides with neither class; one below the lowest score for the
 * entry that accepts everything.
 */
export function usableThreshold({ thresholds }: ErrorCurve, i: number): number {
  if (i === 0) return thresholds.length > 1 ? thresholds[1] - 1 : Number.NaN;
  if (i === thresholds.length - 1) return thresholds[i];
  const middle = thresholds[i] + (thresholds[i + 1] - thresholds[i]) / 2;
  return middle < thresholds[i + 1] ? middle : thresholds[i];
}

/**
 * Index of the lowest threshold with an APCER of at most `target` (share of 1), or -1 when there are no
 * attacks.
 */
export function indexAtApcer({ apcer }: ErrorCurve, target: number): number {
  return apcer.findIndex((rate) => rate <= target);
}

/** BPCER at the lowest threshold that keeps the APCER at or under `target` (share of 1). */
export function bpcerAtApcer(curve: ErrorCurve, target: number): number {
  const i = indexAtApcer(curve, target);
  return i < 0 ? Number.NaN : curve.bpcer[i];
}

/** Index of the threshold with the least `alpha * APCER + (1 - alpha) * BPCER`; the lowest of several. */
export function indexOfLeastCost({ apcer, bpcer }: ErrorCurve, alpha: number): number {
  let best = 0;
  let least = Infinity;
  for (let i = 0; i < apcer.length; i++) {
    const cost = alpha * apcer[i] + (1 - alpha) * bpcer[i];
    if (cost < least) {
      least = cost;
      best = i;
    }
  }
  return best;
}

/** Index of the highest threshold with a BPCER of at most `target` (share of 1). */
export function indexAtBpcer({ bpcer }: ErrorCurve, target: number): number {
  let found = 0;
  for (let i = 0; i < bpcer.length; i++) if (bpcer[i] <= target) found = i;
  return found;
}

/** APCER and BPCER at any threshold, from a curve. */
export function ratesAt(curve: ErrorCurve, threshold: number): { apcer: number; bpcer: number } {
  let low = 0;
  let high = curve.thresholds.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (curve.thresholds[middle] <= threshold) low = middle;
    else high = middle - 1;
  }
  return { apcer: curve.apcer[low], bpcer: curve.bpcer[low] };
}
