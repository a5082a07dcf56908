import type { BatchRow } from './types.ts';

/** Everything that is reported of a batch at its end; its size does not grow with the number of rows. */
export interface BatchSummary {
  /** Of pictures; those of groups are counted in `groups` alone. */
  readonly rows: number;
  readonly threshold: number;
  /**
   * Rows of pictures that went through the networks themselves, that have the result of an equal one, and
   * that could not be read.
   */
  readonly origin: { readonly judged: number; readonly reused: number; readonly unread: number };
  /** Rows by verdict; by `code -4016` and so on where there is none. */
  readonly outcomes: ReadonlyMap<string, number>;
  /** Rows for review. */
  readonly review: number;
  /** Rows by score, 0 to 100, of pictures that were judged and good enough to be. */
  readonly scores: readonly number[];
  readonly reasons: ReadonlyMap<string, number>;
  readonly failures: ReadonlyMap<string, number>;
  /**
   * The rows whose score lies nearest to the threshold, the nearest first; of equal pictures the one with the
   * first key.
   */
  readonly nearest: readonly BatchRow[];
  /** Rows of groups by outcome, and of these for review. */
  readonly groups: { readonly outcomes: ReadonlyMap<string, number>; readonly review: number };
}

/** Gathers a summary row by row. */
export interface Tally {
  add(row: BatchRow): void;
  summary(): BatchSummary;
}

const count = (counts: Map<string, number>, name: string) => counts.set(name, (counts.get(name) ?? 0) + 1);

/** How far a score is from the border between attack and live, which lies just above the threshold. */
const distance = (row: BatchRow) => Math.abs(row.score! - row.threshold - 0.5);

function nearer(a: BatchRow, b: BatchRow): number {
  return distance(a) - distance(b) || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0);
}

/** A tally that keeps `keep` rows near the threshold. Rows may come in any order: the summary is the same. */
export function createTally(threshold: number, keep: number): Tally {
  const outcomes = new Map<string, number>();
  const reasons = new Map<string, number>();
  const failures = new Map<string, number>();
  const scores = new Array<number>(101).fill(0);
  const nearest: BatchRow[] = [];
  const origin = { judged: 0, reused: 0, unread: 0 };
  let rows = 0;
  let review = 0;
  const groups = { outcomes: new Map<string, number>(), review: 0 };

  const keepIfNear = (row: BatchRow) => {
    if (keep === 0) return;
    const equal = nearest.findIndex((other) => other.sha256 === row.sha256);
    if (equal >= 0 && nearer(row, nearest[equal]) >= 0) return;
    if (equal >= 0) nearest.splice(equal, 1);
    if (nearest.length === keep && nearer(row, nearest[keep - 1]) >= 0) return;
    let at = nearest.length;
    while (at > 0 && nearer(row, nearest[at - 1]) < 0) at--;
    nearest.splice(at, 0, row);
    nearest.length = Math.min(nearest.length, keep);
  };

  return {
    add(row) {
      if (row.together !== undefined) {
        count(groups.outcomes, outcomeOf(row));
        if (row.review === true) groups.review++;
        return;
      }
      rows++;
      origin[originOf(row)]++;
      count(outcomes, outcomeOf(row));
      if (row.review === true) review++;
      if (row.failure !== null) count(failures, row.failure);
      for (const code of row.reasons) count(reasons, code);
      if ((row.verdict === 'live' || row.verdict === 'attack') && row.score !== null) {
        scores[row.score]++;
        keepIfNear(row);
      }
    },
    summary: () => ({
      rows,
      threshold,
      origin: { ...origin },
      outcomes: byCount(outcomes),
      review,
      scores: [...scores],
      reasons: byCount(reasons),
      failures: byCount(failures),
      nearest: [...nearest],
      groups: { outcomes: byCount(groups.outcomes), review: groups.review },
    }),
  };
}

const outcomeOf = ({ verdict, code, failure }: BatchRow): string =>
  verdict ?? (failure === 'group_size' ? failure : `code ${code}`);

/** Where a row's result comes from. */
export function originOf({ sha256, sameAs }: BatchRow): 'judged' | 'reused' | 'unread' {
  if (sha256 === null) return 'unread';
  return sameAs === null ? 'judged' : 'reused';
}

function byCount(counts: ReadonlyMap<string, number>): Map<string, number> {
  return new Map([...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1)));
}
