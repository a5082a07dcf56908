/** Escapes text for HTML and SVG. */
export const escapeHtml = (text: string) =>
  text.replace(
    /[&<>"']/g,
    (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' })[c]!,
  );

const WIDTH = 720;
const HEIGHT = 260;
const LEFT = 64;
const BOTTOM = 42;
const TOP = 14;
const RIGHT = 12;
const plotWidth = WIDTH - LEFT - RIGHT;
const plotHeight = HEIGHT - TOP - BOTTOM;

/** Round steps for about four lines up to `top`. */
export function ticks(top: number): number[] {
  if (!(top > 0)) return [0];
  const raw = top / 4;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = Math.max(1e-9, ([1, 2, 5, 10].find((k) => k * power >= raw) ?? 10) * power);
  return Array.from({ length: Math.floor(top / step + 1e-9) + 1 }, (_, i) =>
    Number((i * step).toPrecision(6)),
  );
}

interface Axes {
  readonly title: string;
  readonly top: number;
  readonly label: (value: number) => string;
  /** Names of the horizontal axis and the vertical one. */
  readonly across: string;
}

const x = (score: number) => LEFT + (score / 101) * plotWidth;

function frame(axes: Axes, threshold: number, body: string): string {
  const y = (value: number) => TOP + plotHeight * (1 - value / Math.max(axes.top, 1e-9));
  const lines = ticks(axes.top)
    .map(
      (t) =>
        `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(t).toFixed(1)}" y2="${y(t).toFixed(1)}"/>` +
        `<text x="${LEFT - 6}" y="${(y(t) + 4).toFixed(1)}" text-anchor="end">${axes.label(t)}</text>`,
    )
    .join('');
  const scores = [0, 20, 40, 60, 80, 100]
    .map((s) => `<text x="${x(s + 0.5).toFixed(1)}" y="${HEIGHT - 24}" text-anchor="middle">${s}</text>`)
    .join('');
  const at = x(threshold + 1);
  const mark =
    `<line class="mark" x1="${at.toFixed(1)}" x2="${at.toFixed(1)}" y1="${TOP}" y2="${TOP + plotHeight}"/>` +
    `<text class="mark-text" x="${(at - 5).toFixed(1)}" y="${TOP + 12}" text-anchor="end">live above ${threshold}</text>`;
  return (
    `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeHtml(axes.title)}">${lines}${body}${scores}${mark}` +
    `<text x="${LEFT + plotWidth / 2}" y="${HEIGHT - 5}" text-anchor="middle">${escapeHtml(axes.across)}</text></svg>`
  );
}

/** The histogram of scores as SVG, attacks and live pictures in their colours. */
export function scoreHistogram(scores: readonly number[], threshold: number): string {
  const top = Math.max(1, ...scores);
  const bars = scores
    .map((n, s) => {
      if (n === 0) return '';
      const h = Math.max(1, (n / top) * plotHeight);
      const kind = s > threshold ? 'live' : 'attack';
      return (
        `<rect class="${kind}" x="${(x(s) + 0.5).toFixed(1)}" y="${(TOP + plotHeight - h).toFixed(1)}" ` +
        `width="${(plotWidth / 101 - 1).toFixed(1)}" height="${h.toFixed(1)}"><title>score ${s}: ${n}</title></rect>`
      );
    })
    .join('');
  const title = 'Pictures by score';
  return frame({ title, top, label: (v) => v.toLocaleString('en'), across: 'score' }, threshold, bars);
}

/** What share of the judged pictures would count as live at each threshold, as SVG. */
export function acceptanceCurve(scores: readonly number[], threshold: number): string {
  const total = scores.reduce((a, b) => a + b, 0);
  const shares: number[] = [];
  let above = 0;
  for (let t = 100; t >= 0; t--) {
    shares[t] = total === 0 ? 0 : above / total;
    above += scores[t];
  }
  const points = shares
    .map((share, t) => `${x(t + 1).toFixed(1)},${(TOP + plotHeight * (1 - share)).toFixed(1)}`)
    .join(' ');
  const title = 'Share live by threshold';
  const label = (v: number) => `${Math.round(v * 100)} %`;
  return frame(
    { title, top: 1, label, across: 'threshold' },
    threshold,
    `<polyline class="curve" points="${points}"/>`,
  );
}

/** Bars with names and counts, as an HTML table. */
export function barTable(counts: ReadonlyMap<string, number>, total: number, first: string): string {
  const top = Math.max(1, ...counts.values());
  const rows = [...counts].map(
    ([name, n]) =>
      `<tr><td>${escapeHtml(name)}</td><td class="n">${n.toLocaleString('en')}</td>` +
      `<td class="n">${((100 * n) / Math.max(1, total)).toFixed(1)} %</td>` +
      `<td class="bar"><svg viewBox="0 0 100 8" preserveAspectRatio="none"><rect class="${barClass(name)}" width="${((100 * n) / top).toFixed(2)}" height="8"/></svg></td></tr>`,
  );
  return `<table><thead><tr><th>${escapeHtml(first)}</th><th class="n">pictures</th><th class="n">share</th><th></th></tr></thead><tbody>${rows.join('')}</tbody></table>`;
}

function barClass(name: string): string {
  if (name === 'live' || name === 'attack') return name;
  return 'other';
}
