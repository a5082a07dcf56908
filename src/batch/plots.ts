import { type Axis, percentTicks, roundTicks } from '../report/axis.ts';
import { escapeHtml } from '../report/html.ts';
import { type HistogramBar, histogram, linePlot } from '../report/plot.ts';

/** Colours by number. */
const LIVE = 0;
const ATTACK = 1;
const CURVE = 2;

/** Scores are whole: each has a range of its own on the axis, that of 100 too. */
const scoreAxis = (name: string): Axis => ({
  name,
  from: 0,
  to: 101,
  ticks: [0, 20, 40, 60, 80, 100].map((score) => ({ at: score + 0.5, text: String(score) })),
});

const thresholdAt = (threshold: number) => [{ x: threshold + 1, name: `live above ${threshold}` }];

/** The histogram of scores, attacks and live pictures in their colours. */
export function scoreHistogram(scores: readonly number[], threshold: number): string {
  const top = Math.max(1, ...scores);
  const bars = scores.flatMap((n, score): HistogramBar[] =>
    n === 0
      ? []
      : [
          {
            from: score,
            to: score + 1,
            height: n,
            colour: score > threshold ? LIVE : ATTACK,
            title: `score ${score}: ${n}`,
          },
        ],
  );
  return histogram(
    'Pictures by score',
    'without those too poor to judge',
    scoreAxis('score'),
    { name: 'pictures', from: 0, to: top, ticks: roundTicks(0, top, 4) },
    bars,
    [
      { name: 'live', colour: LIVE },
      { name: 'attack', colour: ATTACK },
    ],
    thresholdAt(threshold),
  );
}

/** What share of the judged pictures would count as live at each threshold. */
export function acceptanceCurve(scores: readonly number[], threshold: number): string {
  const total = scores.reduce((a, b) => a + b, 0);
  const shares: number[] = [];
  let above = 0;
  for (let t = 100; t >= 0; t--) {
    shares[t] = total === 0 ? 0 : above / total;
    above += scores[t];
  }
  return linePlot(
    'Share live by threshold',
    'what would count as live at another threshold',
    scoreAxis('threshold'),
    { name: 'share live', from: 0, to: 1, ticks: percentTicks(0, 1) },
    [
      {
        name: 'share live',
        colour: CURVE,
        kind: 'line',
        points: shares.map((share, t) => [t + 1, share] as const),
      },
    ],
    thresholdAt(threshold),
  );
}

/** Bars with names and counts, as an HTML table. */
export function barTable(counts: ReadonlyMap<string, number>, total: number, first: string): string {
  const top = Math.max(1, ...counts.values());
  const rows = [...counts].map(
    ([name, n]) =>
      `<tr><td>${escapeHtml(name)}</td><td class="n">${n.toLocaleString('en')}</td>` +
      `<td class="n">${((100 * n) / Math.max(1, total)).toFixed(1)} %</td>` +
      `<td class="share"><svg viewBox="0 0 100 8" preserveAspectRatio="none"><rect class="bar ${barClass(name)}" width="${((100 * n) / top).toFixed(2)}" height="8"/></svg></td></tr>`,
  );
  return `<table class="counts"><thead><tr><th>${escapeHtml(first)}</th><th class="n">pictures</th><th class="n">share</th><th></th></tr></thead><tbody>${rows.join('')}</tbody></table>`;
}

function barClass(name: string): string {
  if (name === 'live') return `c${LIVE}`;
  return name === 'attack' ? `c${ATTACK}` : 'other';
}
