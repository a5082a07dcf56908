import { UsageError } from '../faults.ts';
import { REASON_CODES, type ReasonCode, reason } from '../liveness/reasons.ts';
import { VERDICT_REASONS } from '../liveness/review.ts';

/**
 * What an app decides for its v1 calls beyond threshold and profile. The old endpoint keeps to its contract
 * and does not look at these.
 */
export interface JudgingRules {
  /** More than one face: judge the largest, or take the picture for unfit. */
  readonly severalFaces: 'largest' | 'reject';
  /** Faces narrower than this are unfit, in pixels; null: only the engine's own limit counts. */
  readonly minFaceWidth: number | null;
  /** Quality failures that make a picture unfit to be judged; null: all of `rejectingReasons`. */
  readonly rejectOn: readonly string[] | null;
  /**
   * `verdict`: a quality failure makes the verdict `poor_quality`. `warning`: the score decides all the same,
   * and the failure is told as a warning; blurred attacks then pass more often.
   */
  readonly poorQuality: 'verdict' | 'warning';
}

/** The rules of an app that set none: what the old endpoint does too. */
export const DEFAULT_RULES: JudgingRules = {
  severalFaces: 'largest',
  minFaceWidth: null,
  rejectOn: null,
  poorQuality: 'verdict',
};

/**
 * Where rules are kept. Rejects with a `UsageError` (`app_unknown`, `invalid_policy`) or a `Fault`
 * `accounts_unavailable`.
 */
export interface RulesStore {
  findRules(appid: string): Promise<JudgingRules>;
  /** Change the members named in `rules`; the rules as they are then. */
  setRules(appid: string, rules: Partial<JudgingRules>): Promise<JudgingRules>;
}

/** Errors that are no quality failures: nothing was found, or the score spoke. */
const NOT_QUALITY: ReadonlySet<string> = new Set(['NO_FACE', 'DETECTORS_DISAGREE', ...VERDICT_REASONS]);

/** Whether a reason code names a quality failure that can make a picture unfit. Unknown codes do not. */
export function isQualityFailure(code: string): boolean {
  return !NOT_QUALITY.has(code) && severityOf(code) === 'error';
}

/** The quality failures that an app can reject pictures on. */
export function rejectingReasons(): readonly ReasonCode[] {
  return REASON_CODES.filter(isQualityFailure);
}

/** The severity of a reason code; null for a code that this version does not know (an old ledger row). */
export function severityOf(code: string): string | null {
  try {
    return reason(code as ReasonCode).severity;
  } catch {
    return null;
  }
}

/** @throws {UsageError} `invalid_policy` */
export function checkRules(rules: Partial<JudgingRules>): void {
  const refuse = (what: string, expected: string, found: unknown): never => {
    throw new UsageError('invalid_policy', `${what}: expected ${expected}, found ${JSON.stringify(found)}`);
  };
  const { severalFaces, minFaceWidth, rejectOn, poorQuality } = rules;
  if (severalFaces !== undefined && !['largest', 'reject'].includes(severalFaces)) {
    refuse('several faces', 'largest or reject', severalFaces);
  }
  if (
    minFaceWidth != null &&
    !(Number.isInteger(minFaceWidth) && minFaceWidth >= 1 && minFaceWidth <= 10_000)
  ) {
    refuse('minimum face width', 'a whole number of pixels from 1 to 10000, or default', minFaceWidth);
  }
  for (const code of rejectOn ?? []) {
    if (!isQualityFailure(code)) {
      refuse('rejecting quality failure', 'a code such as BLURRED, TOO_DARK or FACE_CUT_OFF', code);
    }
  }
  if (poorQuality !== undefined && !['verdict', 'warning'].includes(poorQuality)) {
    refuse('poor quality', 'verdict or warning', poorQuality);
  }
}
