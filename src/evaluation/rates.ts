import { clopperPearson, type Interval } from './metrics/intervals.ts';

/** A counted share with what chance allows around it. Shares of 1. */
export interface Rate {
  readonly errors: number;
  readonly n: number;
  /** errors / n; null when nothing was counted. */
  readonly share: number | null;
  /** Clopper-Pearson interval, as if every picture were independent of the others. */
  readonly interval: Interval | null;
  /** Bootstrap interval over subjects, sessions or pictures; null where it cannot be told. */
  readonly bootstrap: Interval | null;
  /** How many subjects, sessions or pictures were counted. */
  readonly clusters: number;
  /**
   * With 0 errors: the upper end if each subject (session, picture) counts once, for many pictures of one
   * person prove little about another; null when there were errors.
   */
  readonly zeroErrorBound: number | null;
}

/** Makes a rate of counts. */
export function rate(
  errors: number,
  n: number,
  clusters: number,
  bootstrap: Interval | null,
  confidence: number,
): Rate {
  return {
    errors,
    n,
    share: n === 0 ? null : errors / n,
    interval: clopperPearson(errors, n, confidence),
    bootstrap: errors === 0 ? null : bootstrap,
    clusters,
    zeroErrorBound: errors === 0 && n > 0 ? clopperPearson(0, clusters, confidence)![1] : null,
  };
}

/** Counts of one kind of event in rows, held by cluster so that a bootstrap can weigh them. */
export interface Tally {
  readonly errors: number;
  readonly n: number;
  /** Numbers of the clusters that were counted. */
  readonly members: Int32Array;
  readonly memberErrors: Float64Array;
  readonly memberN: Float64Array;
}

/** Tallies rows: `happened` says error (true), none (false) or not counted (null). */
export function tally(
  rows: readonly number[],
  clusterOf: Int32Array,
  happened: (row: number) => boolean | null,
): Tally {
  const counts = new Map<number, [number, number]>();
  let errors = 0;
  let n = 0;
  for (const row of rows) {
    const event = happened(row);
    if (event === null) continue;
    let entry = counts.get(clusterOf[row]);
    if (entry === undefined) {
      entry = [0, 0];
      counts.set(clusterOf[row], entry);
    }
    entry[1]++;
    n++;
    if (event) {
      entry[0]++;
      errors++;
    }
  }
  const values = [...counts.values()];
  return {
    errors,
    n,
    members: Int32Array.from(counts.keys()),
    memberErrors: Float64Array.from(values, (v) => v[0]),
    memberN: Float64Array.from(values, (v) => v[1]),
  };
}

/** The share of a tally when each cluster counts as often as its weight; NaN when none was drawn. */
export function weighted({ members, memberErrors, memberN }: Tally, weights: Float64Array): number {
  let errors = 0;
  let n = 0;
  for (let i = 0; i < members.length; i++) {
    const w = weights[members[i]];
    errors += w * memberErrors[i];
    n += w * memberN[i];
  }
  return n === 0 ? Number.NaN : errors / n;
}
