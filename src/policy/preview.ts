import { codesUnder } from '../liveness/quality/capture.ts';
import { backingOf, type ReviewByProfile } from '../liveness/review.ts';
import type { CapturePreset, Profile, ReviewLimits, Verdict } from '../liveness/types.ts';
import { rejects, verdictUnder } from './decide.ts';
import type { JudgingRules } from './policy.ts';

/** What a preview reads of a ledger row. */
export interface PreviewRow {
  /** Score as judged; null when no face was judged or the picture could not be decoded. */
  readonly rawScore: number | null;
  readonly reasons: readonly string[];
  /** Null or without values: a row of a version that did not keep them. */
  readonly explanation?: {
    readonly measured: Readonly<Record<string, number>> | null;
    readonly profile?: string | null;
    readonly liveProbability?: number | null;
    readonly review?: boolean | null;
    readonly policy?: { readonly content: Readonly<Record<string, unknown>> } | null;
  } | null;
}

/** A threshold, a capture preset, limits of review and rules: what decides. */
export interface Policy {
  readonly threshold: number;
  readonly capture: CapturePreset;
  /** Null: those of the server for the profile of the picture. */
  readonly review: ReviewLimits | null;
  readonly rules: JudgingRules;
}

/** How many pictures came to which verdict. */
export type VerdictCounts = Readonly<Record<Exclude<Verdict, 'no_face'>, number>>;

/** What a change of policy would have done to pictures that were judged already. */
export interface PolicyPreview {
  /** Ledger rows read. */
  readonly rows: number;
  /** Rows with a score: those that a policy decides on. */
  readonly scored: number;
  /**
   * Rows with a score whose size of face and picture, padding and pose were not kept: neither a capture
   * preset nor `minFaceWidth` can be tried on them.
   */
  readonly unmeasured: number;
  /** Rows without one (no face, not decodable): no policy changes them. */
  readonly unscored: number;
  readonly current: VerdictCounts;
  readonly proposed: VerdictCounts;
  /** Live now, and refused (attack or poor quality) under the proposal. */
  readonly newlyRefused: number;
  /** Refused now, and live under the proposal. */
  readonly newlyAccepted: number;
  /**
   * Reason code → how many of the newly refused it makes unfit under the proposal; several may count for one
   * picture.
   */
  readonly newlyRefusedBy: Readonly<Record<string, number>>;
  /** `newlyRefused` and `newlyAccepted` as shares of `scored`, 0-1; null without a scored row. */
  readonly newlyRefusedShare: number | null;
  readonly newlyAcceptedShare: number | null;
  /** Of live and attack: those that are for review. */
  readonly review: { readonly current: number; readonly proposed: number };
  readonly newlyForReview: number;
  readonly noLongerForReview: number;
  /** Rows with a score and without a probability: what is for review of them stays as it was. */
  readonly withoutProbability: number;
}

/**
 * Decides every row twice, under the policy as it is and under the proposal, and counts the differences. Both
 * decisions are made anew from the stored raw score, reason codes and the values that capture presets look
 * at, so that rows from before an earlier change count as they would now. Rows without those values count
 * with the reasons they were given.
 * @param serverReview the limits of review where a policy has none of its own
 */
export async function previewPolicy(
  rows: AsyncIterable<PreviewRow> | Iterable<PreviewRow>,
  current: Policy,
  proposed: Policy,
  serverReview: ReviewByProfile = {},
): Promise<PolicyPreview> {
  const now = { live: 0, attack: 0, poor_quality: 0 };
  const then = { live: 0, attack: 0, poor_quality: 0 };
  let all = 0;
  let scored = 0;
  let refused = 0;
  let accepted = 0;
  let unmeasured = 0;
  const review = { current: 0, proposed: 0 };
  let newlyForReview = 0;
  let noLongerForReview = 0;
  let withoutProbability = 0;
  const refusedBy: Record<string, number> = {};
  for await (const row of rows) {
    all++;
    if (row.rawScore === null) continue;
    scored++;
    if (row.explanation?.measured == null) unmeasured++;
    if (row.explanation?.liveProbability == null) withoutProbability++;
    const before = decided(row, row.rawScore, current).verdict;
    const { verdict: after, unfitBy } = decided(row, row.rawScore, proposed);
    const wasForReview = isForReview(row, before, limitsOf(row, current, serverReview));
    const becomesForReview = isForReview(row, after, limitsOf(row, proposed, serverReview));
    if (wasForReview) review.current++;
    if (becomesForReview) review.proposed++;
    if (becomesForReview && !wasForReview) newlyForReview++;
    if (wasForReview && !becomesForReview) noLongerForReview++;
    now[before]++;
    then[after]++;
    if (before === 'live' && after !== 'live') {
      refused++;
      for (const code of unfitBy) refusedBy[code] = (refusedBy[code] ?? 0) + 1;
    }
    if (before !== 'live' && after === 'live') accepted++;
  }
  return {
    rows: all,
    scored,
    unmeasured,
    unscored: all - scored,
    current: now,
    proposed: then,
    newlyRefused: refused,
    newlyAccepted: accepted,
    newlyRefusedBy: refusedBy,
    newlyRefusedShare: scored === 0 ? null : refused / scored,
    newlyAcceptedShare: scored === 0 ? null : accepted / scored,
    review,
    newlyForReview,
    noLongerForReview,
    withoutProbability,
  };
}

/**
 * The limits of review of a row under a policy: its own, else the server's. Where the server does not know
 * them (networks of the operator's own) those that the row was decided with.
 */
function limitsOf(
  { explanation }: PreviewRow,
  { review }: Policy,
  server: ReviewByProfile,
): ReviewLimits | null {
  if (review !== null) return review;
  const ofServer = server[explanation?.profile as Profile];
  if (ofServer !== undefined) return ofServer;
  return (explanation?.policy?.content.review as ReviewLimits | null | undefined) ?? null;
}

/** Rows of versions that kept no probability stay as they were decided. */
function isForReview(
  { explanation }: PreviewRow,
  verdict: keyof VerdictCounts,
  limits: ReviewLimits | null,
): boolean {
  if (verdict === 'poor_quality') return false;
  const probability = explanation?.liveProbability ?? null;
  if (probability === null) return explanation?.review ?? false;
  return backingOf(verdict, probability, limits).review;
}

/** What a row comes to under a policy, and the reasons that make it unfit there. */
function decided(
  { reasons, explanation }: PreviewRow,
  score: number,
  { threshold, capture, rules }: Policy,
): { readonly verdict: keyof VerdictCounts; readonly unfitBy: readonly string[] } {
  const values = explanation?.measured ?? null;
  const codes = codesUnder(capture, reasons, values) ?? reasons;
  const width = values?.FaceWidth ?? Number.POSITIVE_INFINITY;
  const narrow = rules.minFaceWidth !== null && width < rules.minFaceWidth;
  const unfitBy = new Set(codes.filter((code) => rejects(code, rules)));
  if (narrow) unfitBy.add('FACE_TOO_SMALL');
  const verdict = narrow ? 'poor_quality' : verdictUnder({ score, codes }, rules, threshold);
  return { verdict: verdict as keyof VerdictCounts, unfitBy: [...unfitBy] };
}
