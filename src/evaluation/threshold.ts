import { UsageError } from '../faults.ts';
import { count } from '../report/count.ts';
import { clusterKey, coarsestKind } from './metrics/clusters.ts';
import {
  type ErrorCurve,
  equalError,
  errorCurve,
  indexAtApcer,
  indexAtBpcer,
  indexOfLeastCost,
  usableThreshold,
} from './metrics/curve.ts';
import { createRandom } from './metrics/random.ts';
import { type Described, isScored, type Presentation } from './types.ts';

/** How a threshold is chosen from scores. */
export interface ThresholdRule {
  readonly name: 'eer' | 'hter' | 'apcer' | 'worst-apcer' | 'bpcer';
  /** Share of 1 that must not be exceeded; of no meaning for `eer` and `hter`. */
  readonly target: number;
}

/**
 * Reads `eer`, `hter`, `apcer=0.05`, `worst-apcer=0.05` or `bpcer=0.1`.
 * @throws {UsageError} reason `threshold_rule`
 */
export function parseThresholdRule(text: string): ThresholdRule {
  const match = /^(?:(eer|hter)|(apcer|worst-apcer|bpcer)=(\d+(?:\.\d+)?|\.\d+))$/.exec(text.trim());
  const target = Number(match?.[3] ?? 0);
  if (match === null || !(target >= 0 && target <= 1)) {
    throw new UsageError(
      'threshold_rule',
      `Expected eer, hter, apcer=SHARE, worst-apcer=SHARE or bpcer=SHARE with a share from 0 to 1; found ${JSON.stringify(text)}.`,
    );
  }
  return { name: (match[1] ?? match[2]) as ThresholdRule['name'], target };
}

/** The rule as it is written on the command line. */
export function ruleText({ name, target }: ThresholdRule): string {
  return name === 'eer' || name === 'hter' ? name : `${name}=${target}`;
}

/** Rows of attack by species, those without a response left out. */
export function attacksBySpecies<R extends Presentation>(rows: readonly R[]): Map<string, R[]> {
  const found = new Map<string, R[]>();
  for (const row of rows) {
    if (row.label !== 'attack') continue;
    const species = row.species ?? '';
    const members = found.get(species);
    if (members === undefined) found.set(species, [row]);
    else members.push(row);
  }
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Curves of each species against all bona fide. */
export function curvesBySpecies(rows: readonly Presentation[]): Map<string, ErrorCurve> {
  const scored = rows.filter(isScored);
  const bonaFide = scored.filter((row) => row.label === 'bona-fide');
  return new Map(
    [...attacksBySpecies(scored)].map(([species, attacks]) => [
      species,
      errorCurve([...bonaFide, ...attacks]),
    ]),
  );
}

/**
 * Chooses a threshold on rows; needs both classes.
 * @throws {UsageError} `one_class` when there is one class alone
 */
export function chooseThreshold(rows: readonly Presentation[], rule: ThresholdRule): number {
  const curve = errorCurve(rows.filter(isScored));
  if (curve.bonaFide === 0 || curve.attacks === 0) {
    throw new UsageError(
      'one_class',
      `A threshold is chosen from scored pictures of both classes; found ${curve.bonaFide} bona fide and ${count(curve.attacks, 'attack')}. Use fewer folds, more pictures, or --threshold.`,
    );
  }
  switch (rule.name) {
    case 'eer':
      return equalError(curve).threshold;
    case 'hter':
      return usableThreshold(curve, indexOfLeastCost(curve, 0.5));
    case 'apcer':
      return usableThreshold(curve, indexAtApcer(curve, rule.target));
    case 'bpcer':
      return usableThreshold(curve, indexAtBpcer(curve, rule.target));
    case 'worst-apcer':
      return Math.max(
        ...[...curvesBySpecies(rows).values()].map((c) => usableThreshold(c, indexAtApcer(c, rule.target))),
      );
  }
}

/**
 * Gives every row a fold, so that no subject (or session, or picture: the coarsest the index names) lies in
 * two. Folds that the index assigns itself are kept.
 *
 * @throws {UsageError} reason `folds` when there are fewer subjects than folds.
 */
export function assignFolds(rows: readonly Described[], k: number, seed: number): string[] {
  if (rows.length > 0 && rows.every((row) => row.fold !== null)) return rows.map((row) => row.fold!);
  const kind = coarsestKind(rows);
  const keys = rows.map((row) => clusterKey(row, kind));
  const sizes = new Map<string, number>();
  for (const key of keys) sizes.set(key, (sizes.get(key) ?? 0) + 1);
  if (sizes.size < k) {
    throw new UsageError(
      'folds',
      `Expected at least ${k} different ${kind}s for ${k} folds; found ${sizes.size}.`,
    );
  }
  const random = createRandom(seed);
  const order = [...sizes].map((entry) => ({ entry, at: random.next() })).sort((a, b) => a.at - b.at);
  const load = new Array<number>(k).fill(0);
  const foldOf = new Map<string, string>();
  for (const { entry } of order) {
    const lightest = load.indexOf(Math.min(...load));
    load[lightest] += entry[1];
    foldOf.set(entry[0], String(lightest + 1));
  }
  return keys.map((key) => foldOf.get(key)!);
}

/** Where the threshold comes from. Only `test-set` lets the rates look better than they are. */
export type ThresholdSource = 'given' | 'development-set' | 'folds' | 'test-set';

/** The threshold, or thresholds, in use, and how each row gets its own. */
export interface ThresholdChoice {
  readonly source: ThresholdSource;
  readonly rule: string | null;
  /** The threshold; with folds the median of theirs. */
  readonly value: number;
  /** What was chosen outside each fold and applied inside it. */
  readonly folds: readonly { readonly fold: string; readonly threshold: number; readonly rows: number }[];
  /** Threshold of the row with that index. */
  readonly of: (row: number) => number;
}

/** A threshold that was given, or chosen elsewhere. */
export function fixedThreshold(
  value: number,
  source: ThresholdSource,
  rule: ThresholdRule | null = null,
): ThresholdChoice {
  return { source, rule: rule === null ? null : ruleText(rule), value, folds: [], of: () => value };
}

/** Chooses for each fold on all other folds. */
export function thresholdByFolds(
  rows: readonly Presentation[],
  rule: ThresholdRule,
  foldOf: readonly string[],
): ThresholdChoice {
  const names = [...new Set(foldOf)].sort();
  if (names.length < 2) throw new UsageError('folds', 'Expected at least 2 folds; found 1.');
  const folds = names.map((fold) => ({
    fold,
    threshold: chooseThreshold(
      rows.filter((_, i) => foldOf[i] !== fold),
      rule,
    ),
    rows: foldOf.filter((f) => f === fold).length,
  }));
  const byFold = new Map(folds.map((f) => [f.fold, f.threshold]));
  const ordered = folds.map((f) => f.threshold).sort((a, b) => a - b);
  const middle = (ordered.length - 1) / 2;
  return {
    source: 'folds',
    rule: ruleText(rule),
    value: (ordered[Math.floor(middle)] + ordered[Math.ceil(middle)]) / 2,
    folds,
    of: (row) => byFold.get(foldOf[row])!,
  };
}
