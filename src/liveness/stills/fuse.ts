import { liveProbability, type ProbabilityScaling, type ScoreCurve, scoreOf } from '../calibrate.ts';
import { reason } from '../reasons.ts';
import { reportedScore } from '../reported-score.ts';
import { backingOf } from '../review.ts';
import type { Judgement, Reason, Verdict } from '../types.ts';

/** One verdict on several stills of one person. */
export interface FusedJudgement {
  readonly verdict: Verdict;
  /** Integer 0-100; null where no still was fit to be judged. */
  readonly score: number | null;
  /** Equal to `score`: stills that are not fit take no part. */
  readonly rawScore: number | null;
  readonly liveProbability: number | null;
  /** The mean of the fused logits Z of the fit stills; null where there is none. */
  readonly fusedLogit: number | null;
  readonly review: boolean;
  readonly reasons: readonly Reason[];
  /** Places of the stills that took part, counted from 0. */
  readonly used: readonly number[];
}

/** Numbers of stills that are judged together. */
export const FEWEST_STILLS = 2;
export const MOST_STILLS = 5;

/** Whether so many stills are judged together. */
export const isGroupSize = (count: number): boolean => count >= FEWEST_STILLS && count <= MOST_STILLS;

/** What of a judgement its still is fused by. */
export type FusedPart = Pick<Judgement, 'verdict' | 'fusedLogit' | 'threshold' | 'reviewLimits' | 'reasons'>;

const isFit = ({ verdict, fusedLogit }: FusedPart): boolean =>
  (verdict === 'live' || verdict === 'attack') && fusedLogit !== null;

/**
 * One verdict on several stills: the mean of Z over those that are fit, then the score map. Unfit ones take
 * no part and are named by a warning. Where none is fit the verdict is that of most of them (`poor_quality`
 * where it is a tie), with the most frequent reason. Stills whose own verdicts contradict each other are for
 * review, since a mean would hide it.
 *
 * @param stills each as the app's rules have it, in order, all with one threshold and profile
 * @param curve the calibration of that profile
 * @throws {RangeError} without stills
 */
export function fuseStills(
  stills: readonly FusedPart[],
  curve: ScoreCurve & ProbabilityScaling,
): FusedJudgement {
  const [first] = stills;
  if (first === undefined) throw new RangeError('no stills to fuse');
  const used = stills.flatMap((one, at) => (isFit(one) ? [at] : []));
  if (used.length === 0) return noneFit(stills);
  const fit = used.map((at) => stills[at]);
  const z = fit.reduce((sum, one) => sum + (one.fusedLogit ?? 0), 0) / fit.length;
  const rawScore = scoreOf(curve, z);
  const probability = liveProbability(curve, z);
  const verdict: Verdict = rawScore > first.threshold ? 'live' : 'attack';
  const backing = backingOf(verdict, probability, first.reviewLimits);
  const disagree = fit.some((one) => one.verdict !== fit[0].verdict);
  return {
    verdict,
    score: reportedScore(verdict, rawScore),
    rawScore,
    liveProbability: probability,
    fusedLogit: z,
    review: backing.review || disagree,
    reasons: [
      ...(backing.reason === null ? [] : [backing.reason]),
      ...(disagree ? [reason('STILLS_DISAGREE')] : []),
      ...(fit.length < stills.length ? [reason('STILL_UNFIT')] : []),
    ],
    used,
  };
}

function noneFit(stills: readonly FusedPart[]): FusedJudgement {
  const faceless = stills.filter((one) => one.verdict === 'no_face').length;
  const verdict: Verdict = faceless * 2 > stills.length ? 'no_face' : 'poor_quality';
  return {
    verdict,
    score: null,
    rawScore: null,
    liveProbability: null,
    fusedLogit: null,
    review: false,
    reasons: mostFrequent(stills.filter((one) => one.verdict === verdict)),
    used: [],
  };
}

/** The error that most stills have; of several the one that came first. */
function mostFrequent(stills: readonly FusedPart[]): readonly Reason[] {
  const counts = new Map<string, { readonly found: Reason; count: number }>();
  for (const { reasons } of stills) {
    for (const found of reasons.filter((one) => one.severity === 'error')) {
      const known = counts.get(found.code);
      if (known === undefined) counts.set(found.code, { found, count: 1 });
      else known.count++;
    }
  }
  const most = [...counts.values()].sort((a, b) => b.count - a.count)[0];
  return most === undefined ? [] : [most.found];
}
