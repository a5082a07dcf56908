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
  /** Bona fide that were rejected or got no response. */
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

/** Every count of a measurement, in the order in which the bootstrap has them. */
function talliesOf(
  rows: readonly Presentation[],
  threshold: ThresholdChoice,
  clusters: Clusters,
  extraRates: readonly ExtraRate[],
) {
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
  const main = [
    count(bonaFide, rejected),
    count(attacks, accepted),
    count(bonaFide, silent),
    count(bonaFide, (i) => accepted(i) !== true),
  ];
  const apcer = names.map((name) => count(species.get(name)!, accepted));
  const apnrr = names.map((name) => count(species.get(name)!, silent));
  const extras = extraRates.map((extra) => count(extra.rows, extra.happened));
  return { names, tallies: [...main, ...apcer, ...apnrr, ...extras] };
}

/** Places among the tallies. */
const BPCER = 0;
const APCER_POOLED = 1;
const BPNRR = 2;
const TURNED_AWAY = 3;
const FIRST_APCER = 4;

const shareOf = (t: Tally) => (t.n === 0 ? Number.NaN : t.errors / t.n);

/**
 * The measures that are no plain share: largest APCER, ACER, HTER, AUC, EER, BPCER at each limit of the
 * APCER.
 */
function statisticsOf(shares: ArrayLike<number>, curve: ErrorCurve, species: number): number[] {
  const max = worst(Array.from({ length: species }, (_, k) => shares[FIRST_APCER + k]));
  return [
    max,
    (max + shares[BPCER]) / 2,
    (shares[APCER_POOLED] + shares[BPCER]) / 2,
    areaUnderRoc(curve),
    equalError(curve).rate,
    ...APCER_LIMITS.map((limit) => bpcerAtApcer(curve, limit / 100)),
  ];
}

/** Measures rows at their thresholds. One bootstrap serves all intervals. */
export function measure(
  rows: readonly Presentation[],
  threshold: ThresholdChoice,
  clusters: Clusters,
  options: BootstrapOptions,
  extraRates: readonly ExtraRate[] = [],
): Measured {
  const { names, tallies } = talliesOf(rows, threshold, clusters, extraRates);
  const curveOf = scoredCurve(rows, clusters);
  const curve = curveOf(null);
  const plain = statisticsOf(tallies.map(shareOf), curve, names.length);
  const intervals = bootstrapIntervals(
    rows,
    clusters,
    tallies.length + plain.length,
    (weights, out) => {
      tallies.forEach((t, k) => {
        out[k] = weighted(t, weights);
      });
      out.set(statisticsOf(out, curveOf(weights), names.length), tallies.length);
    },
    options,
  );
  const rates = tallies.map((t, k) =>
    rate(t.errors, t.n, t.members.length, intervals[k], options.confidence),
  );
  const estimates = plain.map((value, k) => estimateOf(value, intervals[tallies.length + k]));
  const worstSpecies = names.find((_, k) => shareOf(tallies[FIRST_APCER + k]) === plain[0]) ?? null;
  return {
    measures: measuresOf(names, rates, estimates, worstSpecies, orNull(equalError(curve).threshold)),
    extras: rates.slice(FIRST_APCER + 2 * names.length),
    curve,
  };
}

/**
 * Where no replicate differs (no errors at all) a bootstrap knows nothing: no interval is better than one of
 * width 0.
 */
function estimateOf(value: number, interval: Interval | null): Estimate {
  const known = Number.isFinite(value) && interval !== null && interval[0] < interval[1];
  return { value: orNull(value), bootstrap: known ? interval : null };
}

function measuresOf(
  names: readonly string[],
  rates: readonly Rate[],
  estimates: readonly Estimate[],
  worstSpecies: string | null,
  eerThreshold: number | null,
): Measures {
  const [apcerMax, acer, hter, auc, eer, ...atLimits] = estimates;
  const bySpecies = (first: number) => Object.fromEntries(names.map((name, k) => [name, rates[first + k]]));
  return {
    bpcer: rates[BPCER],
    apcer: bySpecies(FIRST_APCER),
    apcerPooled: rates[APCER_POOLED],
    apcerMax: { ...apcerMax, species: worstSpecies },
    acer,
    hter,
    bpnrr: rates[BPNRR],
    apnrr: bySpecies(FIRST_APCER + names.length),
    bonaFideTurnedAway: rates[TURNED_AWAY],
    auc,
    eer: { ...eer, threshold: eerThreshold },
    bpcerAtApcer: Object.fromEntries(APCER_LIMITS.map((limit, k) => [String(limit), atLimits[k]])),
  };
}
