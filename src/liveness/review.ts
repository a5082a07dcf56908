import { reason } from './reasons.ts';
import type { Profile, Reason, ReviewLimits, Verdict } from './types.ts';

/** The limits that a server goes by, by profile: null, nothing is for review; absent, they are not known. */
export type ReviewByProfile = Readonly<Partial<Record<Profile, ReviewLimits | null>>>;

/** Whether two numbers can be limits of review: probabilities, the low one below the high one. */
export function areReviewLimits({ low, high }: ReviewLimits): boolean {
  return low >= 0 && low < high && high <= 1;
}

/** What goes with a verdict. */
export interface Backing {
  /** Nobody should act on the verdict alone. */
  readonly review: boolean;
  /** Why the verdict is as it is, or is in doubt; null: the networks back it and it needs no reason. */
  readonly reason: Reason | null;
}

const BACKED: Backing = { review: false, reason: null };

/**
 * Whether the networks back a verdict, and the reason that goes with it. Between the limits they do not know:
 * `UNCERTAIN`, whichever side the threshold puts the picture on. A threshold outside of the limits can also
 * make a verdict that the networks contradict; that is for review too, so that what is live without review
 * always has a probability above `high`. That the picture looks like an attack is said below `low` alone.
 * Without limits nothing is for review.
 *
 * @param probability of a bona fide presentation at equal priors, 0-1
 */
export function backingOf(
  verdict: Verdict,
  probability: number | null,
  limits: ReviewLimits | null,
): Backing {
  if (verdict !== 'live' && verdict !== 'attack') return BACKED;
  const isLive = verdict === 'live';
  if (limits === null || probability === null) {
    return isLive ? BACKED : { review: false, reason: reason('ATTACK_SUSPECTED') };
  }
  if (probability < limits.low) return { review: isLive, reason: withSeverity('ATTACK_SUSPECTED', isLive) };
  if (isLive && probability > limits.high) return BACKED;
  return { review: true, reason: withSeverity('UNCERTAIN', isLive) };
}

/** Beside a live verdict a doubt is a warning: it did not decide. */
function withSeverity(code: 'ATTACK_SUSPECTED' | 'UNCERTAIN', isLive: boolean): Reason {
  const found = reason(code);
  return isLive ? { ...found, severity: 'warning' } : found;
}

/**
 * Reasons that come with a verdict, not with what the picture shows: they are found anew where a verdict is.
 */
export const VERDICT_REASONS: ReadonlySet<string> = new Set(['ATTACK_SUSPECTED', 'UNCERTAIN']);
