import { type Comparison, testCells } from '../../evaluation/compare.ts';
import { createTable } from '../shared/table.ts';

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
  const tested = c.tests.map(testCells);
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
