import { type BootstrapOptions, bootstrapIntervals } from './metrics/bootstrap.ts';
import type { Clusters } from './metrics/clusters.ts';
import {
  areaUnderRoc,
  bpcerAtApcer,
  curveOfLevels,
  type ErrorCurve,
  equalError,
  scoreLevels,
} from './metrics/curve.ts';
import type { Interval } from './metrics/intervals.ts';
import { type Rate, rate, type Tally, tally, weighted } from './rates.ts';
import { attacksBySpecies, type ThresholdChoice } from './threshold.ts';
import type { Presentation } from './types.ts';

/** APCER limits, in per cent, at which BPCER is told. */
export const APCER_LIMITS = [1, 5, 10] as const;

/** A number with its bootstrap interval. */
export interface Estimate {
  readonly value: number | null;
  readonly bootstrap: Interval | null;
}

/** What was measured at the threshold and over all thresholds. Shares of 1. */
export interface Measures {
  readonly bpcer: Rate;
  readonly apcer: Readonly<Record<string, Rate>>;
  readonly apcerPooled: Rate;
  readonly apcerMax: Estimate & { readonly species: string | null };
  readonly acer: Estimate;
  readonly hter: Estimate;
  readonly bpnrr: Rate;
  readonly apnrr: Readonly<Record<string, Rate>>;
  /** Bona fide that were rejected or got no response: those who stand at the door. */
  readonly bonaFideTurnedAway: Rate;
  readonly auc: Estimate;
  readonly eer: Estimate & { readonly threshold: number | null };
  readonly bpcerAtApcer: Readonly<Record<string, Estimate>>;
}

/** A further share to count beside the main ones, such as the BPCER of a group. */
export interface ExtraRate {
  readonly rows: readonly number[];
  /** Error (true), none (false), or not counted (null) for a row number. */
  readonly happened: (row: number) => boolean | null;
}

/** Whether the row was accepted; null without a response. */
export function acceptance(
  rows: readonly Presentation[],
  threshold: ThresholdChoice,
): (row: number) => boolean | null {
  return (i) => {
    const { score } = rows[i];
    return score === null ? null : score > threshold.of(i);
  };
}

const orNull = (value: number) => (Number.isFinite(value) ? value : null);

/** Largest of some shares, NaN left out; NaN when none is left. */
function worst(shares: readonly number[]): number {
  const known = shares.filter((share) => !Number.isNaN(share));
  return known.length === 0 ? Number.NaN : Math.max(...known);
}

/** Numbers of the rows of each class and species. */
function rowNumbers(rows: readonly Presentation[]) {
  const numbers = new Map(rows.map((row, i) => [row, i]));
  const bonaFide: number[] = [];
  const attacks: number[] = [];
  rows.forEach((row, i) => {
    (row.label === 'attack' ? attacks : bonaFide).push(i);
  });
  const species = new Map(
    [...attacksBySpecies(rows)].map(([name, members]) => [name, members.map((row) => numbers.get(row)!)]),
  );
  return { bonaFide, attacks, species };
}

/** Curve of all scored rows, and of the same rows weighed by cluster. */
function scoredCurve(rows: readonly Presentation[], clusters: Clusters) {
  const scored: number[] = [];
  rows.forEach((row, i) => {
    if (row.score !== null) scored.push(i);
  });
  const { values, levelOf } = scoreLevels(scored.map((i) => rows[i].score!));
  const attack = Uint8Array.from(scored, (i) => (rows[i].label === 'attack' ? 1 : 0));
  const clusterOf = Int32Array.from(scored, (i) => clusters.of[i]);
  return (weights: Float64Array | null): ErrorCurve => {
    const counts = { bonaFide: new Float64Array(values.length), attack: new Float64Array(values.length) };
    for (let j = 0; j < levelOf.length; j++) {
      const w = weights === null ? 1 : weights[clusterOf[j]];
      if (attack[j] === 1) counts.attack[levelOf[j]] += w;
      else counts.bonaFide[levelOf[j]] += w;
    }
    return curveOfLevels(values, counts);
  };
}

/** Everything measured, with the extra rates in the order given. */
export interface Measured {
  readonly measures: Measures;
  readonly extras: readonly Rate[];
  readonly curve: ErrorCurve;
}

/** Measures rows at their thresholds. One bootstrap serves all intervals. */
export function measure(
  rows: readonly Presentation[],
  threshold: ThresholdChoice,
  clusters: Clusters,
  options: BootstrapOptions,
  extraRates: readonly ExtraRate[] = [],
): Measured {
  const accepted = acceptance(rows, threshold);
  const rejected = (i: number) => {
    const a = accepted(i);
    return a === null ? null : !a;
  };
  const silent = (i: number) => rows[i].score === null;
  const { bonaFide, attacks, species } = rowNumbers(rows);
  const count = (numbers: readonly number[], happened: (i: number) => boolean | null) =>
    tally(numbers, clusters.of, happened);

  const names = [...species.keys()];
  const apcer = names.map((name) => count(species.get(name)!, accepted));
  const apnrr = names.map((name) => count(species.get(name)!, silent));
  const bpcer = count(bonaFide, rejected);
  const pooled = count(attacks, accepted);
  const bpnrr = count(bonaFide, silent);
  const turnedAway = count(bonaFide, (i) => accepted(i) !== true);
  const extras = extraRates.map((extra) => count(extra.rows, extra.happened));
  const tallies: Tally[] = [bpcer, pooled, bpnrr, turnedAway, ...apcer, ...apnrr, ...extras];
  const firstApcer = 4;
  const firstExtra = firstApcer + 2 * names.length;

  const curveOf = scoredCurve(rows, clusters);
  const statistics = (shares: ArrayLike<number>, curve: ErrorCurve): number[] => {
    const max = worst(names.map((_, k) => shares[firstApcer + k]));
    return [
      max,
      (max + shares[0]) / 2,
      (shares[1] + shares[0]) / 2,
      areaUnderRoc(curve),
      equalError(curve).rate,
      ...APCER_LIMITS.map((limit) => bpcerAtApcer(curve, limit / 100)),
    ];
  };
  const plainCurve = curveOf(null);
  const share = (t: Tally) => (t.n === 0 ? Number.NaN : t.errors / t.n);
  const plain = statistics(tallies.map(share), plainCurve);
  const intervals = bootstrapIntervals(
    rows,
    clusters,
    tallies.length + plain.length,
    (weights, out) => {
      tallies.forEach((t, k) => {
        out[k] = weighted(t, weights);
      });
      out.set(statistics(out, curveOf(weights)), tallies.length);
    },
    options,
  );
  const rates = tallies.map((t, k) =>
    rate(t.errors, t.n, t.members.length, intervals[k], options.confidence),
  );
  const estimate = (k: number): Estimate => {
    const interval = intervals[tallies.length + k];
    // Where no replicate differs (no errors at all) a bootstrap knows nothing: no interval is better than one
    // of width 0.
    const told = Number.isFinite(plain[k]) && interval !== null && interval[0] < interval[1];
    return { value: orNull(plain[k]), bootstrap: told ? interval : null };
  };
  const worstSpecies = names.find((_, k) => share(apcer[k]) === plain[0]) ?? null;

  return {
    measures: {
      bpcer: rates[0],
      apcer: Object.fromEntries(names.map((name, k) => [name, rates[firstApcer + k]])),
      apcerPooled: rates[1],
      apcerMax: { ...estimate(0), species: worstSpecies },
      acer: estimate(1),
      hter: estimate(2),
      bpnrr: rates[2],
      apnrr: Object.fromEntries(names.map((name, k) => [name, rates[firstApcer + names.length + k]])),
      bonaFideTurnedAway: rates[3],
      auc: estimate(3),
      eer: { ...estimate(4), threshold: orNull(equalError(plainCurve).threshold) },
      bpcerAtApcer: Object.fromEntries(APCER_LIMITS.map((limit, k) => [String(limit), estimate(5 + k)])),
    },
    extras: rates.slice(firstExtra),
    curve: plainCurve,
  };
}
