import { backingOf } from '../liveness/review.ts';
import type { ReviewLimits, Verdict } from '../liveness/types.ts';
import type { LedgerPlace } from './types.ts';

/** Of which judged pictures the scores are counted. */
export interface ScoreFilter {
  readonly since: Date;
  readonly until: Date;
  readonly appid?: string | undefined;
}

/** Judged pictures that are alike in all that a threshold and review limits look at. */
export interface ScoreCell {
  readonly verdict: Exclude<Verdict, 'no_face'>;
  /** The raw score, rounded up to a whole number: above the whole threshold t are the cells above t. */
  readonly score: number;
  /**
   * The probability of a bona fide presentation in steps of a half hundredth: 2 k for k hundredths, 2 k + 1
   * for what lies between k and k + 1. Null: the row has none.
   */
  readonly probability: number | null;
  readonly review: boolean;
  readonly count: number;
}

/** What one call of the store counts. */
export interface ScorePart {
  readonly cells: readonly ScoreCell[];
  /** Rows looked at, with those that have no score. */
  readonly rows: number;
  /** Where the next part begins; null: there are no older rows in the period. */
  readonly next: LedgerPlace | null;
}

/** The scores of a period. */
export interface Scores {
  /** False: there were more rows than are counted at once, and `since` is later than was asked for. */
  readonly isWhole: boolean;
  readonly since: Date;
  /** Rows of the ledger that were looked at. */
  readonly rows: number;
  /** Rows with a score: those that a threshold decides on. */
  readonly scored: number;
  readonly cells: readonly ScoreCell[];
}

/** Counts a part of a period before a place, of at most `limit` rows, the newest first. */
export type ReadScores = (
  filter: ScoreFilter,
  before: LedgerPlace | null,
  limit: number,
) => Promise<ScorePart>;

/** Rows that are counted at most; a longer period is answered from the newest of them. */
export const MOST_SCORED = 200_000;

/** Rows that are counted at once: other work of the store goes on in between. */
const AT_ONCE = 10_000;

/** Counts the scores of a period, a bounded number of rows at a time, the newest first. */
export async function countScores(
  read: ReadScores,
  filter: ScoreFilter,
  most = MOST_SCORED,
): Promise<Scores> {
  const cells = new Map<string, ScoreCell>();
  let rows = 0;
  let before: LedgerPlace | null = null;
  do {
    const part: ScorePart = await read(filter, before, Math.min(AT_ONCE, most - rows));
    for (const cell of part.cells) add(cells, cell);
    rows += part.rows;
    before = part.next;
  } while (before !== null && rows < most);
  const isWhole = before === null || (await read(filter, before, 1)).rows === 0;
  const found = [...cells.values()];
  return {
    isWhole,
    since: isWhole || before === null ? filter.since : before.at,
    rows,
    scored: sum(found),
    cells: found,
  };
}

function add(cells: Map<string, ScoreCell>, cell: ScoreCell): void {
  const name = `${cell.verdict} ${cell.score} ${cell.probability} ${cell.review}`;
  cells.set(name, { ...cell, count: cell.count + (cells.get(name)?.count ?? 0) });
}

const sum = (cells: readonly ScoreCell[]) => cells.reduce((all, { count }) => all + count, 0);

/** One column of a histogram: what lies above `upTo` - 1, up to `upTo`. */
export interface ScoreBin {
  readonly upTo: number;
  readonly live: number;
  readonly attack: number;
  readonly poorQuality: number;
  /** Of live and attack: those that are for review. */
  readonly review: number;
}

/** 101 columns, 0 to 100, of the raw scores. */
export function histogramOf(cells: readonly ScoreCell[]): readonly ScoreBin[] {
  return columns(cells, ({ score }) => score);
}

/** The same of the probabilities in hundredths; rows without one are left out. */
export function probabilitiesOf(cells: readonly ScoreCell[]): readonly ScoreBin[] {
  return columns(cells, ({ probability }) => (probability === null ? null : Math.ceil(probability / 2)));
}

function columns(
  cells: readonly ScoreCell[],
  place: (cell: ScoreCell) => number | null,
): readonly ScoreBin[] {
  const bins = Array.from({ length: 101 }, (_, upTo) => ({
    upTo,
    live: 0,
    attack: 0,
    poorQuality: 0,
    review: 0,
  }));
  for (const cell of cells) {
    const at = place(cell);
    if (at === null) continue;
    const bin = bins[Math.min(100, Math.max(0, at))];
    bin[cell.verdict === 'poor_quality' ? 'poorQuality' : cell.verdict] += cell.count;
    if (cell.review) bin.review += cell.count;
  }
  return bins;
}

/** How many pictures came to what. */
export interface Outcome {
  readonly live: number;
  readonly attack: number;
  readonly poorQuality: number;
  /** Of live and attack: those that are for review. */
  readonly review: number;
}

/** What another threshold, and other review limits, would have done to pictures that were judged already. */
export interface WhatIf {
  /** As they were decided. */
  readonly before: Outcome;
  readonly after: Outcome;
  /** Decided as live, and an attack under the proposal. */
  readonly newlyRefused: number;
  /** Decided as an attack, and live under the proposal. */
  readonly newlyAccepted: number;
  readonly newlyForReview: number;
  readonly noLongerForReview: number;
  /** Rows of versions that kept no probability: their review is taken to stay as it was. */
  readonly withoutProbability: number;
}

/**
 * Decides every picture anew with a whole threshold: what is of poor quality stays so, since no threshold
 * decides on it.
 *
 * @param limits in whole hundredths; null: what is for review stays as it was decided
 */
export function whatIf(cells: readonly ScoreCell[], threshold: number, limits: ReviewLimits | null): WhatIf {
  const before = { live: 0, attack: 0, poorQuality: 0, review: 0 };
  const after = { live: 0, attack: 0, poorQuality: 0, review: 0 };
  const changes = { newlyRefused: 0, newlyAccepted: 0, newlyForReview: 0, noLongerForReview: 0 };
  let withoutProbability = 0;
  for (const cell of cells) {
    const { count } = cell;
    const verdict = verdictAt(cell, threshold);
    const review = reviewAt(cell, verdict, limits);
    note(before, cell.verdict, cell.review, count);
    note(after, verdict, review, count);
    if (cell.verdict === 'live' && verdict === 'attack') changes.newlyRefused += count;
    if (cell.verdict === 'attack' && verdict === 'live') changes.newlyAccepted += count;
    if (review && !cell.review) changes.newlyForReview += count;
    if (cell.review && !review) changes.noLongerForReview += count;
    if (cell.probability === null && cell.verdict !== 'poor_quality') withoutProbability += count;
  }
  return { before, after, ...changes, withoutProbability };
}

function verdictAt({ verdict, score }: ScoreCell, threshold: number): ScoreCell['verdict'] {
  if (verdict === 'poor_quality') return verdict;
  return score > threshold ? 'live' : 'attack';
}

function reviewAt(cell: ScoreCell, verdict: ScoreCell['verdict'], limits: ReviewLimits | null): boolean {
  if (limits === null || cell.probability === null) return cell.review;
  return backingOf(verdict, cell.probability / 2 / 100, limits).review;
}

function note(
  outcome: { live: number; attack: number; poorQuality: number; review: number },
  verdict: ScoreCell['verdict'],
  review: boolean,
  count: number,
): void {
  outcome[verdict === 'poor_quality' ? 'poorQuality' : verdict] += count;
  if (review) outcome.review += count;
}
