/** A point of a plot in the units of its axes. */
export type PlotPoint = readonly [x: number, y: number];

/** A line, a set of points, or bars. */
export interface Series {
  readonly name: string;
  /** Number of its colour, 0-7. */
  readonly colour: number;
  readonly points: readonly PlotPoint[];
  /** `line` joins, `steps` as stairs, `dots` marks, `dashed` for reference lines. */
  readonly kind: 'line' | 'dots' | 'dashed' | 'both';
}

/** A vertical line with a name, such as the threshold. */
export interface Marker {
  readonly x: number;
  readonly name: string;
}

/** An axis: its name, its ends, and where numbers stand. */
export interface Axis {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly ticks: readonly { readonly at: number; readonly text: string }[];
}

const WIDTH = 560;
const HEIGHT = 360;
const LEFT = 62;
const RIGHT = 26;
const TOP = 14;
const BOTTOM = 50;

/** Text made safe for HTML and SVG. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

/** A number for a path: two decimals, no more digits than needed. */
const px = (value: number) => String(Math.round(value * 100) / 100);

/** Ticks at round numbers between two ends. */
export function roundTicks(from: number, to: number, about = 6, suffix = ''): Axis['ticks'] {
  const span = to - from;
  if (!(span > 0)) return [{ at: from, text: `${Number(from.toPrecision(4))}${suffix}` }];
  const rough = span / about;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough) ?? power * 10;
  const ticks: { at: number; text: string }[] = [];
  for (let i = Math.ceil(from / step - 1e-9); i * step <= to + step * 1e-9; i++) {
    ticks.push({ at: i * step, text: `${Number((i * step).toPrecision(6))}${suffix}` });
  }
  return ticks;
}

/** Ticks for shares of 1, written as per cent. */
export function percentTicks(from: number, to: number, about = 6): Axis['ticks'] {
  return roundTicks(from * 100, to * 100, about, ' %').map(({ at, text }) => ({ at: at / 100, text }));
}

/** Places of an axis on the drawing. */
export interface Frame {
  readonly x: (value: number) => number;
  readonly y: (value: number) => number;
}

function frameOf(x: Axis, y: Axis): Frame {
  const across = (WIDTH - LEFT - RIGHT) / (x.to - x.from || 1);
  const up = (HEIGHT - TOP - BOTTOM) / (y.to - y.from || 1);
  return {
    x: (v) => LEFT + (Math.min(Math.max(v, x.from), x.to) - x.from) * across,
    y: (v) => HEIGHT - BOTTOM - (Math.min(Math.max(v, y.from), y.to) - y.from) * up,
  };
}

function axes(x: Axis, y: Axis, frame: Frame): string {
  const parts = [
    `<rect class="area" x="${LEFT}" y="${TOP}" width="${WIDTH - LEFT - RIGHT}" height="${HEIGHT - TOP - BOTTOM}"/>`,
  ];
  for (const { at, text } of x.ticks) {
    parts.push(
      `<line class="grid" x1="${px(frame.x(at))}" x2="${px(frame.x(at))}" y1="${TOP}" y2="${HEIGHT - BOTTOM}"/>`,
      `<text x="${px(frame.x(at))}" y="${HEIGHT - BOTTOM + 16}" text-anchor="middle">${escapeHtml(text)}</text>`,
    );
  }
  for (const { at, text } of y.ticks) {
    parts.push(
      `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${px(frame.y(at))}" y2="${px(frame.y(at))}"/>`,
      `<text x="${LEFT - 6}" y="${px(frame.y(at) + 4)}" text-anchor="end">${escapeHtml(text)}</text>`,
    );
  }
  parts.push(
    `<text class="name" x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 12}" text-anchor="middle">${escapeHtml(x.name)}</text>`,
    `<text class="name" transform="translate(13 ${(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)" text-anchor="middle">${escapeHtml(y.name)}</text>`,
  );
  return parts.join('');
}

/** Leaves out points that would fall on the same spot of the drawing. */
function thin(points: readonly (readonly [number, number])[]): (readonly [number, number])[] {
  const kept: (readonly [number, number])[] = [];
  points.forEach((point, i) => {
    const last = kept[kept.length - 1];
    const isEnd = i === points.length - 1;
    if (last === undefined || isEnd || Math.hypot(point[0] - last[0], point[1] - last[1]) >= 0.7)
      kept.push(point);
  });
  return kept;
}

function drawSeries({ points, kind, colour }: Series, frame: Frame): string {
  const placed = thin(points.map(([x, y]) => [frame.x(x), frame.y(y)] as const));
  const parts: string[] = [];
  if (kind !== 'dots' && placed.length > 1) {
    const path = placed.map(([x, y], i) => `${i === 0 ? 'M' : 'L'}${px(x)} ${px(y)}`).join('');
    parts.push(`<path class="line c${colour}${kind === 'dashed' ? ' dashed' : ''}" d="${path}"/>`);
  }
  if (kind === 'dots' || kind === 'both' || placed.length === 1) {
    for (const [x, y] of placed)
      parts.push(`<circle class="dot c${colour}" cx="${px(x)}" cy="${px(y)}" r="3.5"/>`);
  }
  return parts.join('');
}

function legend(series: readonly Series[]): string {
  if (series.length < 2) return '';
  const items = series.map(
    (s) =>
      `<span><i class="swatch c${s.colour}${s.kind === 'dashed' ? ' dashed' : ''}"></i>${escapeHtml(s.name)}</span>`,
  );
  return `<div class="legend">${items.join('')}</div>`;
}

function figure(title: string, note: string, inner: string, below = ''): string {
  return `<figure><figcaption><b>${escapeHtml(title)}</b> ${escapeHtml(note)}</figcaption><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeHtml(`${title}. ${note}`)}">${inner}</svg>${below}</figure>`;
}

/** A line plot as a figure with SVG. */
export function linePlot(
  title: string,
  note: string,
  x: Axis,
  y: Axis,
  series: readonly Series[],
  markers: readonly Marker[] = [],
): string {
  const frame = frameOf(x, y);
  const marks = markers
    .filter((m) => m.x >= x.from && m.x <= x.to)
    .map(
      (m) =>
        `<line class="marker" x1="${px(frame.x(m.x))}" x2="${px(frame.x(m.x))}" y1="${TOP}" y2="${HEIGHT - BOTTOM}"/><text class="marker" x="${px(frame.x(m.x) - 4)}" y="${TOP + 13}" text-anchor="end">${escapeHtml(m.name)}</text>`,
    );
  const inner = axes(x, y, frame) + marks.join('') + series.map((s) => drawSeries(s, frame)).join('');
  return figure(title, note, inner, legend(series));
}

/** A group of upright bars over one range of x. */
export interface HistogramBar {
  readonly from: number;
  readonly to: number;
  readonly heights: readonly number[];
}

/** A histogram; the bars of the classes stand side by side. */
export function histogram(
  title: string,
  note: string,
  x: Axis,
  y: Axis,
  bars: readonly HistogramBar[],
  classes: readonly { readonly name: string; readonly colour: number }[],
  markers: readonly Marker[] = [],
): string {
  const frame = frameOf(x, y);
  const drawn = bars.flatMap(({ from, to, heights }) =>
    heights.map((height, k) => {
      const left = frame.x(from);
      const width = (frame.x(to) - left) / heights.length;
      const top = frame.y(height);
      return `<rect class="bar c${classes[k].colour}" x="${px(left + k * width)}" y="${px(top)}" width="${px(Math.max(0.5, width - 0.5))}" height="${px(Math.max(0, frame.y(y.from) - top))}"/>`;
    }),
  );
  const marks = markers
    .filter((m) => m.x >= x.from && m.x <= x.to)
    .map(
      (m) =>
        `<line class="marker" x1="${px(frame.x(m.x))}" x2="${px(frame.x(m.x))}" y1="${TOP}" y2="${HEIGHT - BOTTOM}"/><text class="marker" x="${px(frame.x(m.x) - 4)}" y="${TOP + 13}" text-anchor="end">${escapeHtml(m.name)}</text>`,
    );
  const names = classes.map((c) => `<span><i class="swatch c${c.colour}"></i>${escapeHtml(c.name)}</span>`);
  return figure(
    title,
    note,
    axes(x, y, frame) + drawn.join('') + marks.join(''),
    `<div class="legend">${names.join('')}</div>`,
  );
}

/** A share with its interval, drawn as a level bar. */
export interface RangeBar {
  readonly name: string;
  readonly share: number;
  readonly low: number;
  readonly high: number;
  readonly text: string;
  readonly colour: number;
}

/** Level bars with intervals, one below the other; as tall as needed. */
export function rangeBars(title: string, note: string, bars: readonly RangeBar[]): string {
  const row = 26;
  const left = 196;
  const right = 114;
  const top = 8;
  const height = top + bars.length * row + 34;
  const most = Math.min(1, Math.max(0.02, ...bars.map((b) => b.high)) * 1.05);
  const x = (v: number) => left + (v / most) * (WIDTH - left - right);
  const ticks = percentTicks(0, most, 5).map(
    ({ at, text }) =>
      `<line class="grid" x1="${px(x(at))}" x2="${px(x(at))}" y1="${top}" y2="${height - 28}"/><text x="${px(x(at))}" y="${height - 12}" text-anchor="middle">${text}</text>`,
  );
  const rows = bars.map((b, i) => {
    const y = top + i * row + row / 2;
    const name = b.name.length > 26 ? `${b.name.slice(0, 25)}…` : b.name;
    return (
      `<text x="${left - 8}" y="${px(y + 4)}" text-anchor="end">${escapeHtml(name)}</text>` +
      `<rect class="bar c${b.colour}" x="${left}" y="${px(y - 7)}" width="${px(Math.max(1, x(b.share) - left))}" height="14"/>` +
      `<path class="whisker" d="M${px(x(b.low))} ${px(y - 5)}V${px(y + 5)}M${px(x(b.low))} ${px(y)}H${px(x(b.high))}M${px(x(b.high))} ${px(y - 5)}V${px(y + 5)}"/>` +
      `<text x="${WIDTH - right + 8}" y="${px(y + 4)}">${escapeHtml(b.text)}</text>`
    );
  });
  return `<figure><figcaption><b>${escapeHtml(title)}</b> ${escapeHtml(note)}</figcaption><svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escapeHtml(title)}">${ticks.join('')}${rows.join('')}</svg></figure>`;
}
