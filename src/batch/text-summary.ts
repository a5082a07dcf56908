import { count } from '../report/count.ts';
import type { BatchSummary } from './summary.ts';

const BAR = 40;

function line(name: string, n: number, total: number, width: number): string {
  const share = total === 0 ? '' : `${((100 * n) / total).toFixed(1)} %`;
  return `  ${name.padEnd(width)}  ${n.toLocaleString('en').padStart(11)}  ${share.padStart(7)}`;
}

/** Scores in bins of ten (the last one takes 100 too) with bars, and a mark where the threshold lies. */
function histogram(scores: readonly number[], threshold: number): string[] {
  const bins = Array.from({ length: 10 }, (_, i) =>
    scores.slice(i * 10, i === 9 ? 101 : i * 10 + 10).reduce((a, b) => a + b, 0),
  );
  const top = Math.max(1, ...bins);
  return bins.map((n, i) => {
    const last = i === 9 ? 100 : i * 10 + 9;
    const name = `${String(i * 10).padStart(3)}–${String(last).padEnd(3)}`;
    const bar = '█'.repeat(Math.round((n / top) * BAR)) || (n > 0 ? '▏' : '');
    const mark = threshold >= i * 10 && threshold <= last ? `  ← live above ${threshold}` : '';
    return `  ${name}  ${n.toLocaleString('en').padStart(11)}  ${bar}${mark}`;
  });
}

/** How many were judged, and how many have the result of another, in words. */
export function originText({ origin }: BatchSummary): string {
  const parts = [`${origin.judged.toLocaleString('en')} judged`];
  if (origin.reused > 0) {
    parts.push(
      `${origin.reused.toLocaleString('en')} with the result of an earlier picture of the same bytes`,
    );
  }
  if (origin.unread > 0) parts.push(`${origin.unread.toLocaleString('en')} that could not be read`);
  return parts.join(', ');
}

/**
 * The summary for a terminal.
 * @param leftOut what was left out, a line each
 */
export function summaryText(summary: BatchSummary, leftOut: readonly string[] = []): string {
  const { rows, outcomes, review, scores, reasons, failures, threshold, groups } = summary;
  const names = [...outcomes.keys(), ...groups.outcomes.keys(), ...reasons.keys(), ...failures.keys()];
  const width = Math.max(10, ...names.map((name) => name.length));
  const list = (counts: ReadonlyMap<string, number>) =>
    [...counts].map(([name, n]) => line(name, n, rows, width));
  const origin = rows === 0 ? '' : `: ${originText(summary)}`;
  const parts = [`${count(rows, 'picture')}${origin}`, ...list(outcomes)];
  if (review > 0) {
    parts.push(
      '',
      'Of these for review: the networks do not back the verdict',
      line('review', review, rows, width),
    );
  }
  if (groups.outcomes.size > 0) parts.push('', ...groupLines(summary, width));
  if (scores.some((n) => n > 0)) parts.push('', 'Scores of the judged', ...histogram(scores, threshold));
  if (failures.size > 0) parts.push('', 'Failures', ...list(failures));
  if (reasons.size > 0) parts.push('', 'Reasons', ...list(reasons).slice(0, 8));
  if (leftOut.length > 0) parts.push('', 'Not judged', ...leftOut.map((one) => `  ${one}`));
  return parts.join('\n');
}

/** What came of the groups, each of which has one verdict. */
function groupLines({ groups }: BatchSummary, width: number): string[] {
  const total = [...groups.outcomes.values()].reduce((a, b) => a + b, 0);
  const lines = [...groups.outcomes].map(([name, n]) => line(name, n, total, width));
  const review = groups.review === 0 ? [] : [line('review', groups.review, total, width)];
  return [`${count(total, 'group')}, each with one verdict`, ...lines, ...review];
}
