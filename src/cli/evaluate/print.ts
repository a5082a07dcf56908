import { type AttemptCounts, attemptsText } from '../../evaluation/attempts.ts';
import type { Evaluation } from '../../evaluation/evaluate.ts';
import type { Estimate } from '../../evaluation/measure.ts';
import type { Interval } from '../../evaluation/metrics/intervals.ts';
import { PROTOCOL_COLUMNS, type ProtocolReport, protocolRows } from '../../evaluation/protocol.ts';
import type { Rate } from '../../evaluation/rates.ts';
import { proposeReviewLimits, reviewLines } from '../../evaluation/review-limits.ts';
import type { Robustness } from '../../evaluation/robustness/robustness.ts';
import type { Traps } from '../../evaluation/traps.ts';
import type { Presentation } from '../../evaluation/types.ts';
import { count } from '../../report/count.ts';
import { createTable } from '../shared/table.ts';

const per = (share: number | null) => (share === null ? '-' : `${(share * 100).toFixed(2)} %`);
const range = (interval: Interval | null) =>
  interval === null ? '-' : `${(interval[0] * 100).toFixed(2)} - ${(interval[1] * 100).toFixed(2)} %`;

function rateRow(name: string, r: Rate): string[] {
  const bound = r.zeroErrorBound === null ? range(r.bootstrap) : `0 errors: up to ${per(r.zeroErrorBound)}`;
  return [name, per(r.share), `${r.errors}/${r.n}`, range(r.interval), bound];
}

const estimateRow = (name: string, e: Estimate): string[] => [name, per(e.value), '', '', range(e.bootstrap)];

const SOURCES = {
  given: 'given beforehand',
  'development-set': 'chosen on the development set',
  folds: 'chosen on the other folds, by subject',
  'test-set': 'CHOSEN ON THE TEST SET: rates look better than they are',
} as const;

/** The threshold and where it comes from, in one line. */
export function thresholdLine({ threshold }: Evaluation): string {
  const rule = threshold.rule === null ? '' : ` by ${threshold.rule}`;
  const folds = threshold.folds.length === 0 ? '' : ` (median of ${threshold.folds.length} folds)`;
  return `Threshold ${Number(threshold.value.toPrecision(8))}${folds}, ${SOURCES[threshold.source]}${rule}; a score above it is accepted`;
}

/** What attempts the rates are over; empty where every picture is one of its own. */
export const printAttempts = (attempts: AttemptCounts | null): string =>
  attempts === null ? '' : `${attemptsText(attempts)}\n`;

/** What a test by a protocol would count, for people; empty where none was asked for. */
export function printProtocol(report: ProtocolReport | null): string {
  if (report === null) return '';
  const rows = protocolRows(report);
  const table = createTable(
    PROTOCOL_COLUMNS.map((title, k) => ({ title, right: k > 0 })),
    rows,
  );
  return `${[
    '',
    `Protocol ${report.protocol}: ${report.withinLimits ? 'all counts within the limits' : 'NOT within all limits'}`,
    report.notice,
    table.head,
    ...rows.map((row) => table.line(row)),
    `People: ${report.bonaFideSubjects} bona fide, ${report.attackSubjects} attacked`,
    'Missing for the claim:',
    ...report.missing.map((what) => `  ${what}`),
  ].join('\n')}\n`;
}

function measureRows({ measures: m, bpcerAtWorstApcer }: Evaluation): string[][] {
  const species = m.apcerMax.species === null ? '' : ` (${m.apcerMax.species})`;
  return [
    rateRow('BPCER  bona fide rejected', m.bpcer),
    ...Object.entries(m.apcer).map(([name, r]) => rateRow(`APCER  ${name}`, r)),
    estimateRow(`APCER  worst species${species}`, m.apcerMax),
    rateRow('BPNRR  bona fide, no response', m.bpnrr),
    ...Object.entries(m.apnrr).map(([name, r]) => rateRow(`APNRR  ${name}, no response`, r)),
    rateRow('Bona fide turned away (either)', m.bonaFideTurnedAway),
    estimateRow('ACER   (worst APCER + BPCER) / 2', m.acer),
    estimateRow('HTER   (pooled APCER + BPCER) / 2', m.hter),
    estimateRow('AUC', m.auc),
    estimateRow('EER', m.eer),
    ...Object.entries(m.bpcerAtApcer).map(([limit, e]) => estimateRow(`BPCER at pooled APCER ${limit} %`, e)),
    ...Object.entries(bpcerAtWorstApcer).map(([limit, value]) =>
      estimateRow(`BPCER at worst APCER ${limit} %`, { value, bootstrap: null }),
    ),
  ];
}

/** Proposed limits for review, for people; empty where the scores come without probabilities. */
export function printReviewLimits(rows: readonly Presentation[]): string {
  const lines = reviewLines(proposeReviewLimits(rows));
  return lines.length === 0 ? '' : `${['', ...lines].join('\n')}\n`;
}

/** The evaluation as a table for people. */
export function printEvaluation(evaluation: Evaluation): string {
  const { counts, bootstrap } = evaluation;
  const rows = measureRows(evaluation);
  const percent = Math.round(bootstrap.confidence * 1000) / 10;
  const table = createTable(
    [
      { title: 'MEASURE' },
      { title: 'VALUE', right: true },
      { title: 'COUNT', right: true },
      { title: `EXACT ${percent} %` },
      { title: `BOOTSTRAP BY ${bootstrap.kind.toUpperCase()}` },
    ],
    rows,
  );
  const species = Object.keys(counts.species).length;
  const lines = [
    `${count(counts.presentations, 'presentation')}: ${counts.bonaFide} bona fide, ${count(counts.attacks, 'attack')} of ${species} species; ${bootstrap.clusters} ${bootstrap.kind}s`,
    thresholdLine(evaluation),
    '',
    table.head,
    ...rows.map((row) => table.line(row)),
    ...calibrationLines(evaluation),
    ...evaluation.groups.flatMap(groupLines),
    ...evaluation.warnings.flatMap((warning) => ['', `Note: ${warning}`]),
  ];
  return `${lines.join('\n')}\n`;
}

function calibrationLines({ calibration }: Evaluation): string[] {
  if (calibration === null) return [];
  const { brier, ece, source, balanced } = calibration;
  const lines = ['', `Calibration (${source}): Brier ${brier.toFixed(4)}, ECE ${ece.toFixed(4)}`];
  if (balanced === null) return lines;
  const { brier: balancedBrier, ece: balancedEce } = balanced;
  return [
    ...lines,
    `  both classes weighing alike: Brier ${balancedBrier.toFixed(4)}, ECE ${balancedEce.toFixed(4)}`,
  ];
}

function groupLines({ field, groups, largestDifference: d }: Evaluation['groups'][number]): string[] {
  const body = groups.map((g) => [
    g.value,
    per(g.bpcer.share),
    `${g.bpcer.errors}/${g.bpcer.n}`,
    range(g.bpcer.interval),
    per(g.apcer.share),
    `${g.apcer.errors}/${g.apcer.n}`,
    range(g.apcer.interval),
  ]);
  const table = createTable(
    ['', 'BPCER', 'COUNT', 'EXACT', 'APCER', 'COUNT', 'EXACT'].map((title, k) => ({
      title: k === 0 ? `BY ${field.toUpperCase()}` : title,
      right: k % 3 !== 0,
    })),
    body,
  );
  const lines = ['', table.head, ...body.map((row) => table.line(row))];
  for (const kind of ['bpcer', 'apcer'] as const) {
    const diff = d[kind];
    if (diff === null) continue;
    const overlap = diff.intervalsApart ? '' : ', intervals overlap';
    lines.push(
      `Largest ${kind.toUpperCase()} difference: ${per(diff.difference)} (${diff.low} to ${diff.high})${overlap}`,
    );
  }
  return lines;
}

/** Traps and robustness for people; nothing when there is nothing to say. */
export function printTraps(traps: Traps, robustness: Robustness | null): string {
  const lines: string[] = [];
  for (const warning of traps.warnings) lines.push('', `Trap: ${warning}`);
  if (traps.shortcuts.length > 0) {
    const rows = traps.shortcuts.map((x) => [x.feature, x.auc.toFixed(2), x.detail]);
    const table = createTable(
      [{ title: 'TELLS THE LABEL' }, { title: 'AUC', right: true }, { title: 'HOW' }],
      rows,
    );
    lines.push('', table.head, ...rows.map((row) => table.line(row)));
  }
  if (traps.doubtful.length > 0) {
    lines.push('', 'Labels that the answers contradict with high confidence:');
    for (const d of traps.doubtful.slice(0, 10)) lines.push(`  ${d.id}: ${d.label}, score ${d.score}`);
  }
  if (robustness !== null) {
    const rows = robustness.rows.map((r) => [
      r.family,
      r.step,
      per(r.all.changedShare),
      `${r.all.changed}/${r.all.tried}`,
      String(r.all.lost),
      r.all.shift === null ? '-' : r.all.shift.toFixed(1),
      r.all.meanMove === null ? '-' : r.all.meanMove.toFixed(1),
      r.all.move95 === null ? '-' : r.all.move95.toFixed(1),
    ]);
    const titles = ['CHANGE', 'STEP', 'VERDICT CHANGED', 'COUNT', 'LOST', 'SHIFT', 'MOVE', '95 % UNDER'];
    const table = createTable(
      titles.map((title, k) => ({ title, right: k > 0 })),
      rows,
    );
    lines.push(
      '',
      `Robustness, ${count(robustness.pictures, 'picture')}:`,
      table.head,
      ...rows.map((row) => table.line(row)),
    );
  }
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}
