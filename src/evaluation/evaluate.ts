import { type EpcPoint, expectedPerformance } from './epc.ts';
import { type GroupField, type Grouping, groupFields, groupRates, readGroups } from './groups.ts';
import { APCER_LIMITS, acceptance, type Measures, measure } from './measure.ts';
import { type Calibration, calibrate, type LabelledProbability } from './metrics/calibration.ts';
import { type ClusterKind, cluster, coarsestKind } from './metrics/clusters.ts';
import { bpcerAtApcer, type ErrorCurve } from './metrics/curve.ts';
import {
  assignFolds,
  chooseThreshold,
  curvesBySpecies,
  fixedThreshold,
  type ThresholdChoice,
  type ThresholdRule,
  thresholdByFolds,
} from './threshold.ts';
import { isScored, type Presentation } from './types.ts';

/** How rows are evaluated. */
export interface EvaluateOptions {
  /** Scores above it are accepted; not used where a rule chooses one. */
  readonly threshold: number;
  /**
   * Chooses the threshold from scores: of `development`, else of other folds, else of the rows themselves.
   */
  readonly rule?: ThresholdRule;
  readonly development?: readonly Presentation[];
  /** Number of folds by subject. */
  readonly folds?: number;
  readonly cluster?: ClusterKind;
  readonly by?: readonly GroupField[];
  readonly replicates?: number;
  readonly seed?: number;
  /** Share of 1. */
  readonly confidence?: number;
}

/** How many of what there are. */
export interface Counts {
  readonly presentations: number;
  readonly bonaFide: number;
  readonly attacks: number;
  readonly species: Readonly<Record<string, number>>;
  /** Different subjects, sessions and devices named. */
  readonly subjects: number;
  readonly bonaFideSubjects: number;
  readonly sessions: number;
  readonly devices: number;
  /** Why there was no response, by count. */
  readonly nonResponses: Readonly<Record<string, number>>;
}

/** What can be said of a set of scores. Shares of 1. */
export interface Evaluation {
  readonly counts: Counts;
  readonly threshold: Omit<ThresholdChoice, 'of'>;
  readonly measures: Measures;
  /** BPCER at the threshold that keeps every single species at or under 1, 5, 10 %. */
  readonly bpcerAtWorstApcer: Readonly<Record<string, number | null>>;
  readonly calibration:
    | (Calibration & {
        readonly source: string;
        /** The same with both classes weighing alike: for a probability that assumes equal priors. */
        readonly balanced: Calibration | null;
      })
    | null;
  readonly groups: readonly Grouping[];
  readonly epc: { readonly points: readonly EpcPoint[]; readonly source: ThresholdChoice['source'] };
  readonly bootstrap: {
    readonly kind: ClusterKind;
    readonly clusters: number;
    readonly replicates: number;
    readonly seed: number;
    readonly confidence: number;
  };
  readonly warnings: readonly string[];
}

/** An evaluation together with what plots are drawn from. */
export interface FullEvaluation {
  readonly evaluation: Evaluation;
  readonly rows: readonly Presentation[];
  readonly curve: ErrorCurve;
  readonly speciesCurves: ReadonlyMap<string, ErrorCurve>;
  readonly choice: ThresholdChoice;
  /** Fold of each row, where folds are used. */
  readonly folds: readonly string[] | null;
}

const distinct = (values: readonly (string | null)[]) => new Set(values.filter((v) => v !== null)).size;

function tallyBy<T>(items: readonly T[], key: (item: T) => string | null): Record<string, number> {
  const found = new Map<string, number>();
  for (const item of items) {
    const name = key(item);
    if (name !== null) found.set(name, (found.get(name) ?? 0) + 1);
  }
  return Object.fromEntries([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function countRows(rows: readonly Presentation[]): Counts {
  const bonaFide = rows.filter((row) => row.label === 'bona-fide');
  return {
    presentations: rows.length,
    bonaFide: bonaFide.length,
    attacks: rows.length - bonaFide.length,
    species: tallyBy(rows, (row) => row.species),
    subjects: distinct(rows.map((row) => row.subject)),
    bonaFideSubjects: distinct(bonaFide.map((row) => row.subject)),
    sessions: distinct(rows.map((row) => row.session)),
    devices: distinct(rows.map((row) => row.device)),
    nonResponses: tallyBy(rows, (row) => row.nonResponse),
  };
}

/**
 * Probabilities of scored rows: those given, else scores that can be read as such; null where neither is
 * there.
 */
function probabilities(rows: readonly Presentation[]): { source: string; of: LabelledProbability[] } | null {
  const scored = rows.filter(isScored);
  if (scored.length === 0) return null;
  if (scored.every((row) => row.probability !== null)) {
    return {
      source: 'probability',
      of: scored.map(({ label, probability }) => ({ label, probability: probability! })),
    };
  }
  const low = scored.reduce((m, row) => Math.min(m, row.score), Infinity);
  const high = scored.reduce((m, row) => Math.max(m, row.score), -Infinity);
  if (low < 0 || high > 100) return null;
  const scale = high <= 1 ? 1 : 100;
  return {
    source: scale === 1 ? 'score read as a probability' : 'score / 100 read as a probability',
    of: scored.map(({ label, score }) => ({ label, probability: score / scale })),
  };
}

function chooseFor(
  rows: readonly Presentation[],
  options: EvaluateOptions,
  folds: readonly string[] | null,
): ThresholdChoice {
  const { rule } = options;
  if (rule === undefined) return fixedThreshold(options.threshold, 'given');
  if (options.development !== undefined) {
    return fixedThreshold(chooseThreshold(options.development, rule), 'development-set', rule);
  }
  if (folds !== null) return thresholdByFolds(rows, rule, folds);
  return fixedThreshold(chooseThreshold(rows, rule), 'test-set', rule);
}

function performanceParts(
  rows: readonly Presentation[],
  options: EvaluateOptions,
  folds: readonly string[] | null,
): { parts: Parameters<typeof expectedPerformance>[0]; source: ThresholdChoice['source'] } {
  if (options.development !== undefined) {
    return { parts: [{ development: options.development, test: rows }], source: 'development-set' };
  }
  if (folds === null) return { parts: [{ development: rows, test: rows }], source: 'test-set' };
  const parts = [...new Set(folds)].map((fold) => ({
    development: rows.filter((_, i) => folds[i] !== fold),
    test: rows.filter((_, i) => folds[i] === fold),
  }));
  return { parts, source: 'folds' };
}

function warn(rows: readonly Presentation[], kind: ClusterKind, choice: ThresholdChoice, counts: Counts) {
  const warnings: string[] = [];
  if (choice.source === 'test-set') {
    warnings.push(
      'The threshold was chosen on the very pictures it is measured on: the error rates look better than they are. Give a development set (--dev) or folds (--folds).',
    );
  }
  if (kind === 'picture' && rows.length > 0) {
    warnings.push(
      'The index names no subject for every picture: intervals treat all pictures as independent and are too narrow if people recur.',
    );
  }
  if (counts.bonaFide === 0)
    warnings.push('There are no bona fide presentations: BPCER, AUC and EER cannot be told.');
  if (counts.attacks === 0)
    warnings.push('There are no attack presentations: APCER, AUC and EER cannot be told.');
  return warnings;
}

/**
 * Evaluates presentations with the answers of a system, in the terms of ISO/IEC 30107-3:2023. Rates are over
 * those that got a response; non-responses stand beside as APNRR and BPNRR.
 *
 * @throws {UsageError} when a threshold cannot be chosen as asked.
 */
export function evaluate(rows: readonly Presentation[], options: EvaluateOptions): FullEvaluation {
  const seed = options.seed ?? 1;
  const replicates = options.replicates ?? 1000;
  const confidence = options.confidence ?? 0.95;
  const folds = options.folds === undefined ? null : assignFolds(rows, options.folds, seed);
  const choice = chooseFor(rows, options, folds);
  const kind = options.cluster ?? coarsestKind(rows);
  const clusters = cluster(rows, kind);
  const fields = groupFields(rows, options.by ?? []);
  const accepted = acceptance(rows, choice);
  const wanted = fields.map((field) => groupRates(rows, field, accepted));
  const { measures, extras, curve } = measure(
    rows,
    choice,
    clusters,
    { replicates, seed, confidence },
    wanted.flat(),
  );
  let taken = 0;
  const groups = fields.map((field, k) => {
    const from = taken;
    taken += wanted[k].length;
    return readGroups(rows, field, extras.slice(from, taken));
  });
  const said = probabilities(rows);
  const calibration = said === null ? null : calibrate(said.of);
  const speciesCurves = curvesBySpecies(rows);
  const { parts, source } = performanceParts(rows, options, folds);
  const counts = countRows(rows);
  const { of: _, ...threshold } = choice;
  return {
    evaluation: {
      counts,
      threshold,
      measures,
      bpcerAtWorstApcer: Object.fromEntries(
        APCER_LIMITS.map((limit) => [String(limit), bpcerAtWorst(speciesCurves, limit / 100)]),
      ),
      calibration:
        calibration === null || said === null
          ? null
          : { ...calibration, source: said.source, balanced: calibrate(said.of, 10, true) },
      groups,
      epc: { points: expectedPerformance(parts), source },
      bootstrap: { kind, clusters: clusters.n, replicates, seed, confidence },
      warnings: warn(rows, kind, choice, counts),
    },
    rows,
    curve,
    speciesCurves,
    choice,
    folds,
  };
}

/**
 * BPCER at the lowest threshold at which no species exceeds the limit: that of the species needing the
 * highest one.
 */
function bpcerAtWorst(curves: ReadonlyMap<string, ErrorCurve>, limit: number): number | null {
  const rates = [...curves.values()]
    .map((curve) => bpcerAtApcer(curve, limit))
    .filter((r) => !Number.isNaN(r));
  return rates.length === 0 ? null : Math.max(...rates);
}
