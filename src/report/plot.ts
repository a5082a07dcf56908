import { type Axis, BOTTOM, drawAxes, type Frame, frameOf, HEIGHT, px, TOP, WIDTH } from './axis.ts';
import { escapeHtml } from './html.ts';

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
  const inner =
    drawAxes(x, y, frame) + drawMarkers(markers, x, frame) + series.map((s) => drawSeries(s, frame)).join('');
  return figure(title, note, inner, legend(series));
}

/** An upright bar over a range of x. */
export interface HistogramBar {
  readonly from: number;
  readonly to: number;
  readonly height: number;
  /** Number of its colour, 0-7. */
  readonly colour: number;
  /** Shown where the pointer rests on it. */
  readonly title?: string;
}

/** A histogram. */
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
  const names = classes.map((c) => `<span><i class="swatch c${c.colour}"></i>${escapeHtml(c.name)}</span>`);
  return figure(
    title,
    note,
    drawAxes(x, y, frame) +
      bars.map((bar) => drawBar(bar, y.from, frame)).join('') +
      drawMarkers(markers, x, frame),
    `<div class="legend">${names.join('')}</div>`,
  );
}

function drawBar({ from, to, height, colour, title }: HistogramBar, base: number, frame: Frame): string {
  const left = frame.x(from);
  const top = frame.y(height);
  const width = Math.max(0.5, frame.x(to) - left - 0.5);
  const tip = title === undefined ? '' : `<title>${escapeHtml(title)}</title>`;
  return `<rect class="bar c${colour}" x="${px(left)}" y="${px(top)}" width="${px(width)}" height="${px(Math.max(0, frame.y(base) - top))}">${tip}</rect>`;
}

function drawMarkers(markers: readonly Marker[], x: Axis, frame: Frame): string {
  return markers
    .filter((m) => m.x >= x.from && m.x <= x.to)
    .map(
      (m) =>
        `<line class="marker" x1="${px(frame.x(m.x))}" x2="${px(frame.x(m.x))}" y1="${TOP}" y2="${HEIGHT - BOTTOM}"/><text class="marker" x="${px(frame.x(m.x) - 4)}" y="${TOP + 13}" text-anchor="end">${escapeHtml(m.name)}</text>`,
    )
    .join('');
}
