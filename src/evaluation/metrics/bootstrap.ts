import type { Described } from '../types.ts';
import type { Clusters } from './clusters.ts';
import { type Interval, quantile } from './intervals.ts';
import { createRandom } from './random.ts';

/** How a bootstrap is drawn. */
export interface BootstrapOptions {
  /** How many times the set is drawn anew. */
  readonly replicates: number;
  readonly seed: number;
  /** Share of 1, such as 0.95. */
  readonly confidence: number;
}

/** Clusters that hold bona fide only, attacks only, or both: drawn apart, so that no class dies out. */
function strata(rows: readonly Described[], clusters: Clusters): number[][] {
  const content = new Uint8Array(clusters.n);
  rows.forEach((row, i) => {
    content[clusters.of[i]] |= row.label === 'attack' ? 1 : 2;
  });
  const found: number[][] = [[], [], []];
  content.forEach((bits, c) => {
    found[bits - 1].push(c);
  });
  return found.filter((members) => members.length > 0);
}

/**
 * Percentile intervals of statistics under resampling of whole clusters, with replacement (B. Efron, 1979;
 * the cluster as the unit, since pictures of one person err together).
 *
 * @param statistics fills `out` for a weight on each cluster (how often it was drawn); NaN where it cannot be
 * told.
 * @returns one interval a statistic; null where under half of the replicates could tell it or a single
 * cluster was there.
 */
export function bootstrapIntervals(
  rows: readonly Described[],
  clusters: Clusters,
  count: number,
  statistics: (weights: Float64Array, out: Float64Array) => void,
  { replicates, seed, confidence }: BootstrapOptions,
): (Interval | null)[] {
  if (replicates === 0 || clusters.n < 2) return new Array(count).fill(null);
  const random = createRandom(seed);
  const layers = strata(rows, clusters);
  const weights = new Float64Array(clusters.n);
  const out = new Float64Array(count);
  const drawn = Array.from({ length: count }, () => new Float64Array(replicates));
  const valid = new Int32Array(count);
  for (let r = 0; r < replicates; r++) {
    weights.fill(0);
    for (const members of layers) {
      for (let i = 0; i < members.length; i++) weights[members[random.below(members.length)]]++;
    }
    statistics(weights, out);
    for (let k = 0; k < count; k++) {
      if (!Number.isNaN(out[k])) drawn[k][valid[k]++] = out[k];
    }
  }
  const tail = (1 - confidence) / 2;
  return drawn.map((values, k) => {
    if (valid[k] < replicates / 2) return null;
    const sorted = values.subarray(0, valid[k]).sort();
    return [quantile(sorted, tail), quantile(sorted, 1 - tail)];
  });
}
