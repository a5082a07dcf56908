import type { Verdict } from '../liveness/types.ts';
import { verdictUnder } from './decide.ts';
import type { JudgingRules } from './policy.ts';

/** What a preview reads of a ledger row. */
export interface PreviewRow {
  /** Score as judged; null when no face was judged or the picture could not be decoded. */
  readonly rawScore: number | null;
  readonly reasons: readonly string[];
}

/** A threshold and rules: what decides. */
export interface Policy {
  readonly threshold: number;
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
  /** Rows without one (no face, not decodable): no policy changes them. */
  readonly unscored: number;
  readonly current: VerdictCounts;
  readonly proposed: VerdictCounts;
  /** Live now, and refused (attack or poor quality) under the proposal. */
  readonly newlyRefused: number;
  /** Refused now, and live under the proposal. */
  readonly newlyAccepted: number;
  /** `newlyRefused` and `newlyAccepted` as shares of `scored`, 0-1; null without a scored row. */
  readonly newlyRefusedShare: number | null;
  readonly newlyAcceptedShare: number | null;
}

/**
 * Decides every row twice, under the policy as it is and under the proposal, and counts the differences. Both decisions are
 * made anew from the stored raw score and reason codes, so that rows from before an earlier change count as they would now.
 * The width of a face is not in the ledger: `minFaceWidth` plays no part.
 */
export async function previewPolicy(
  rows: AsyncIterable<PreviewRow> | Iterable<PreviewRow>,
  current: Policy,
  proposed: Policy,
): Promise<PolicyPreview> {
  const now = { live: 0, attack: 0, poor_quality: 0 };
  const then = { live: 0, attack: 0, poor_quality: 0 };
  let all = 0;
  let scored = 0;
  let refused = 0;
  let accepted = 0;
  for await (const { rawScore: score, reasons: codes } of rows) {
    all++;
    if (score === null) continue;
    scored++;
    const before = decided({ score, codes }, current);
    const after = decided({ score, codes }, proposed);
    now[before]++;
    then[after]++;
    if (before === 'live' && after !== 'live') refused++;
    if (before !== 'live' && after === 'live') accepted++;
  }
  return {
    rows: all,
    scored,
    unscored: all - scored,
    current: now,
    proposed: then,
    newlyRefused: refused,
    newlyAccepted: accepted,
    newlyRefusedShare: scored === 0 ? null : refused / scored,
    newlyAcceptedShare: scored === 0 ? null : accepted / scored,
  };
}

function decided(
  findings: { readonly score: number; readonly codes: readonly string[] },
  { threshold, rules }: Policy,
): keyof VerdictCounts {
  return verdictUnder(findings, rules, threshold) as keyof VerdictCounts;
}
