import { basename } from 'node:path';
import { type Comparison, compare, type System } from '../../evaluation/compare.ts';
import { chooseThreshold } from '../../evaluation/threshold.ts';
import { DEFAULT_THRESHOLD } from '../../liveness/threshold.ts';
import { createTable } from '../shared/table.ts';
import { scoresOf } from './files.ts';
import type { EvaluateFlags } from './options.ts';

/** Compares two score files as the flags say. */
export async function compareFiles(a: string, b: string, flags: EvaluateFlags): Promise<Comparison> {
  const ignoreQuality = flags.ignoreQuality === true;
  const [rowsA, rowsB] = [await scoresOf(a, ignoreQuality), await scoresOf(b, ignoreQuality)];
  const [nameA, nameB] = basename(a) === basename(b) ? [a, b] : [basename(a), basename(b)];
  const rule = flags.chooseThreshold;
  const given = flags.threshold ?? DEFAULT_THRESHOLD;
  const system = (name: string, rows: System['rows'], threshold: number): System => ({
    name,
    rows,
    threshold: rule === undefined ? threshold : chooseThreshold(rows, rule),
  });
  const comparison = compare(system(nameA, rowsA, given), system(nameB, rowsB, flags.thresholdB ?? given), {
    replicates: flags.bootstrap,
    seed: flags.seed,
    confidence: flags.confidence,
    ...(flags.cluster === undefined ? {} : { cluster: flags.cluster }),
  });
  if (rule === undefined) return comparison;
  const chosen = `The thresholds ${comparison.thresholds.a} and ${comparison.thresholds.b} were chosen on the very presentations that are compared.`;
  return { ...comparison, warnings: [...comparison.warnings, chosen] };
}

const per = (share: number | null) => (share === null ? '-' : `${(share * 100).toFixed(2)} %`);

/** The comparison as tables for people. */
export function printComparison(c: Comparison): string {
  const rows = c.measures.map((m) => [
    m.name,
    per(m.a),
    per(m.b),
    per(m.difference),
    m.interval === null ? '-' : `${per(m.interval[0])} to ${per(m.interval[1])}`,
  ]);
  const measures = createTable(
    [
      { title: 'MEASURE' },
      { title: `A ${c.a}`, right: true },
      { title: `B ${c.b}`, right: true },
      { title: 'B LESS A', right: true },
      { title: `BOOTSTRAP BY ${c.unit.toUpperCase()}` },
    ],
    rows,
  );
  const tested = c.tests.map((t) => [
    t.name,
    String(t.n),
    String(t.onlyA),
    String(t.onlyB),
    t.mcnemar.toPrecision(3),
    t.byCluster.toPrecision(3),
  ]);
  const tests = createTable(
    [
      { title: 'PAIRED TEST' },
      { title: 'PAIRS', right: true },
      { title: 'ONLY A ERRS', right: true },
      { title: 'ONLY B ERRS', right: true },
      { title: 'MCNEMAR P', right: true },
      { title: `PERMUTATION P BY ${c.unit.toUpperCase()}`, right: true },
    ],
    tested,
  );
  return [
    `${c.pairs} presentations in both (${c.onlyInA} only in A, ${c.onlyInB} only in B); thresholds ${c.thresholds.a} and ${c.thresholds.b}`,
    '',
    measures.head,
    ...rows.map((row) => measures.line(row)),
    '',
    tests.head,
    ...tested.map((row) => tests.line(row)),
    ...c.warnings.flatMap((w) => ['', `Note: ${w}`]),
    '',
  ].join('\n');
}
