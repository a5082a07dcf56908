import { reason } from '../liveness/reasons.ts';
import { reportedScore } from '../liveness/reported-score.ts';
import { backingOf, VERDICT_REASONS } from '../liveness/review.ts';
import type { Judgement, Reason, Verdict } from '../liveness/types.ts';
import { isQualityFailure, type JudgingRules } from './policy.ts';

/** What a picture showed, as far as rules look at it. */
export interface Findings {
  /** Score as judged, 0-100; null when no face was judged. */
  readonly score: number | null;
  /** Codes of the reasons found, in order. */
  readonly codes: readonly string[];
}

/** Whether one failure makes a picture unfit under the rules. */
export function rejects(code: string, rules: JudgingRules): boolean {
  if (code === 'SEVERAL_FACES') return rules.severalFaces === 'reject';
  if (!isQualityFailure(code) || rules.poorQuality === 'warning') return false;
  return rules.rejectOn === null || rules.rejectOn.includes(code);
}

/**
 * The verdict on findings under rules and threshold. A picture without a judged face is `no_face`, an unfit
 * one `poor_quality`: neither is ever `attack`.
 */
export function verdictUnder(findings: Findings, rules: JudgingRules, threshold: number): Verdict {
  if (findings.score === null) return 'no_face';
  if (findings.codes.some((code) => rejects(code, rules))) return 'poor_quality';
  return findings.score > threshold ? 'live' : 'attack';
}

/** A decision and the reasons that go with it. */
export interface Decision {
  readonly verdict: Verdict;
  /** Score under this verdict; null where it says "not judged". */
  readonly score: number | null;
  /** As in `Judgement`, of this verdict. */
  readonly review: boolean;
  readonly reasons: readonly Reason[];
}

/**
 * Applies an app's rules to the engine's judgement. Failures that the rules do not reject on become warnings;
 * several faces become an error where they reject; a face under the app's own minimum width is unfit whatever
 * `poorQuality` says, since the app asked for it. Pure.
 */
export function decide(judgement: Judgement, rules: JudgingRules): Decision {
  const { face, rawScore, threshold } = judgement;
  if (face === null || rawScore === null) {
    return { verdict: 'no_face', score: null, review: false, reasons: judgement.reasons };
  }
  const found = judgement.reasons.filter((one) => !VERDICT_REASONS.has(one.code));
  const narrow = rules.minFaceWidth !== null && face.box.right - face.box.left < rules.minFaceWidth;
  const small = found.some((one) => one.code === 'FACE_TOO_SMALL');
  const own = rules.minFaceWidth ?? 0;
  const all = !narrow
    ? found
    : small
      ? found.map((one) =>
          one.code === 'FACE_TOO_SMALL' ? reason('FACE_TOO_SMALL', Math.max(own, one.limit ?? 0)) : one,
        )
      : [reason('FACE_TOO_SMALL', own), ...found];
  const weighed = all.map((one): Reason => {
    if (narrow && one.code === 'FACE_TOO_SMALL') return { ...one, severity: 'error' };
    if (rejects(one.code, rules)) return { ...one, severity: 'error' };
    return one.severity === 'error' ? { ...one, severity: 'warning' } : one;
  });
  const codes = all.map((one) => one.code);
  const verdict = narrow ? 'poor_quality' : verdictUnder({ score: rawScore, codes }, rules, threshold);
  const { review, reason: doubt } = backingOf(verdict, judgement.liveProbability, judgement.reviewLimits);
  const score = reportedScore(verdict, rawScore);
  const reasons = [...(doubt === null ? [] : [doubt]), ...weighed].sort(bySeverity);
  return { verdict, score, review, reasons };
}

const ORDER = { error: 0, warning: 1, info: 2 } as const;

function bySeverity(a: Reason, b: Reason): number {
  return ORDER[a.severity] - ORDER[b.severity];
}
