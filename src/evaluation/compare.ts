import { UsageError } from '../faults.ts';
import { APCER_LIMITS } from './measure.ts';
import { bootstrapIntervals } from './metrics/bootstrap.ts';
import { type ClusterKind, type Clusters, cluster, coarsestKind } from './metrics/clusters.ts';
import {
  areaUnderRoc,
  bpcerAtApcer,
  curveOfLevels,
  type ErrorCurve,
  equalError,
  ratesAt,
  scoreLevels,
} from './metrics/curve.ts';
import type { Interval } from './metrics/intervals.ts';
import { mcnemar, signFlipTest } from './metrics/paired.ts';
import type { Presentation } from './types.ts';

/** A system with its answers and the threshold it is used at. */
export interface System {
  readonly name: string;
  readonly rows: readonly Presentation[];
  readonly threshold: number;
}

/** A measure of both, shares of 1. */
export interface ComparedMeasure {
  readonly name: string;
  readonly a: number | null;
  readonly b: number | null;
  /** B less A. */
  readonly difference: number | null;
  readonly interval: Interval | null;
}

/** A paired test of errors at the thresholds. */
export interface PairedTest {
  readonly name: string;
  readonly n: number;
  readonly onlyA: number;
  readonly onlyB: number;
  /** Two-sided p, pictures taken as independent. */
  readonly mcnemar: number;
  /** Two-sided p when whole units change sides. */
  readonly byCluster: number;
}

/** Two systems on the same presentations. */
export interface Comparison {
  readonly a: string;
  readonly b: string;
  readonly thresholds: { readonly a: number; readonly b: number };
  readonly pairs: number;
  readonly onlyInA: number;
  readonly onlyInB: number;
  readonly unit: ClusterKind;
  readonly measures: readonly ComparedMeasure[];
  readonly tests: readonly PairedTest[];
  readonly warnings: readonly string[];
}

/** How to compare. */
export interface CompareOptions {
  readonly replicates: number;
  readonly seed: number;
  readonly confidence: number;
  readonly cluster?: ClusterKind;
}

const FLIPS = 10_000;

function pairUp(a: System, b: System): { first: Presentation[]; second: Presentation[] } {
  const known = new Map(b.rows.map((row) => [row.id, row]));
  const first: Presentation[] = [];
  const second: Presentation[] = [];
  for (const row of a.rows) {
    const other = known.get(row.id);
    if (other === undefined) continue;
    if (other.label !== row.label || other.species !== row.species) {
      throw new UsageError(
        'labels_differ',
        `${row.id}: expected the same label in both files; found ${row.label} ${row.species ?? ''} in ${a.name} and ${other.label} ${other.species ?? ''} in ${b.name}.`,
      );
    }
    first.push(row);
    second.push(other);
  }
  if (first.length === 0) {
    throw new UsageError(
      'no_pairs',
      `Expected presentations with the same path in ${a.name} and ${b.name}; found none.`,
    );
  }
  return { first, second };
}

/**
 * An error of the system: a bona fide presentation that is not accepted, an attack that is. A non-response
 * accepts nobody, so both systems are compared on all pairs, whatever each left unanswered.
 */
const errs = (row: Presentation, threshold: number) => {
  const accepted = row.score !== null && row.score > threshold;
  return row.label === 'attack' ? accepted : !accepted;
};

/** Curve with non-responses below all scores, by weights of the clusters. */
function curveMaker(
  rows: readonly Presentation[],
  clusterOf: Int32Array,
): (weights: Float64Array | null) => ErrorCurve {
  const { values, levelOf } = scoreLevels(rows.map((row) => row.score ?? -Number.MAX_VALUE));
  const isAttack = Uint8Array.from(rows, (row) => (row.label === 'attack' ? 1 : 0));
  return (weights) => {
    const counts = { bonaFide: new Float64Array(values.length), attack: new Float64Array(values.length) };
    for (let i = 0; i < levelOf.length; i++) {
      const w = weights === null ? 1 : weights[clusterOf[i]];
      if (isAttack[i] === 1) counts.attack[levelOf[i]] += w;
      else counts.bonaFide[levelOf[i]] += w;
    }
    return curveOfLevels(values, counts);
  };
}

const NAMES = [
  'bona fide turned away (rejected or no response)',
  'attacks accepted, pooled',
  'AUC',
  'EER',
  ...APCER_LIMITS.map((limit) => `bona fide turned away at ${limit} % of attacks accepted`),
];

function statistics(rows: readonly Presentation[], threshold: number, clusterOf: Int32Array) {
  const curveOf = curveMaker(rows, clusterOf);
  return (weights: Float64Array | null): number[] => {
    const curve = curveOf(weights);
    const { apcer, bpcer } = ratesAt(curve, threshold);
    return [
      bpcer,
      apcer,
      areaUnderRoc(curve),
      equalError(curve).rate,
      ...APCER_LIMITS.map((limit) => bpcerAtApcer(curve, limit / 100)),
    ];
  };
}

/** An interval of no width comes of replicates that never differ: it says nothing. */
const told = (interval: Interval | null) =>
  interval === null || interval[0] === interval[1] ? null : interval;

const orNull = (value: number) => (Number.isFinite(value) ? value : null);

/** A paired test as the cells of a table: question, pairs, errors of one system alone, p-values. */
export const testCells = (t: PairedTest): string[] => [
  t.name,
  String(t.n),
  String(t.onlyA),
  String(t.onlyB),
  t.mcnemar.toPrecision(3),
  t.byCluster.toPrecision(3),
];

interface Pairs {
  readonly a: System;
  readonly b: System;
  readonly first: readonly Presentation[];
  readonly second: readonly Presentation[];
  readonly clusters: Clusters;
  readonly seed: number;
}

/** Whether one system errs more often than the other on a class; no test where the class is empty. */
function pairedTest(
  label: Presentation['label'],
  { a, b, first, second, clusters, seed }: Pairs,
): PairedTest[] {
  let onlyA = 0;
  let onlyB = 0;
  let n = 0;
  const byCluster = new Float64Array(clusters.n);
  first.forEach((row, i) => {
    if (row.label !== label) return;
    n++;
    const difference = Number(errs(row, a.threshold)) - Number(errs(second[i], b.threshold));
    if (difference > 0) onlyA++;
    if (difference < 0) onlyB++;
    byCluster[clusters.of[i]] += difference;
  });
  if (n === 0) return [];
  return [
    {
      name: label === 'attack' ? 'attacks accepted' : 'bona fide turned away',
      n,
      onlyA,
      onlyB,
      mcnemar: mcnemar(onlyA, onlyB),
      byCluster: signFlipTest([...byCluster], FLIPS, seed),
    },
  ];
}

/**
 * Compares two systems on the presentations that both have, matched by path.
 *
 * @throws {UsageError} when nothing matches or labels contradict each other.
 */
export function compare(a: System, b: System, options: CompareOptions): Comparison {
  const { first, second } = pairUp(a, b);
  const unit = options.cluster ?? coarsestKind(first);
  const clusters = cluster(first, unit);
  const ofA = statistics(first, a.threshold, clusters.of);
  const ofB = statistics(second, b.threshold, clusters.of);
  const [plainA, plainB] = [ofA(null), ofB(null)];
  const intervals = bootstrapIntervals(
    first,
    clusters,
    NAMES.length,
    (weights, out) => {
      const forA = ofA(weights);
      ofB(weights).forEach((value, k) => {
        out[k] = value - forA[k];
      });
    },
    options,
  );
  const tests = (['bona-fide', 'attack'] as const).flatMap((label) =>
    pairedTest(label, { a, b, first, second, clusters, seed: options.seed }),
  );
  const warnings: string[] = [];
  if (unit === 'picture') {
    warnings.push(
      'Not every presentation names its subject: tests and intervals take all pictures as independent.',
    );
  }
  return {
    a: a.name,
    b: b.name,
    thresholds: { a: a.threshold, b: b.threshold },
    pairs: first.length,
    onlyInA: a.rows.length - first.length,
    onlyInB: b.rows.length - first.length,
    unit,
    measures: NAMES.map((name, k) => ({
      name,
      a: orNull(plainA[k]),
      b: orNull(plainB[k]),
      difference: orNull(plainB[k] - plainA[k]),
      interval: told(intervals[k]),
    })),
    tests,
    warnings,
  };
}
