import { escapeHtml } from './html.ts';

/** An axis: its name, its ends, and where numbers stand. */
export interface Axis {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly ticks: readonly { readonly at: number; readonly text: string }[];
}

/** Size of a plot and of its margins, in units of the drawing. */
export const WIDTH = 560;
export const HEIGHT = 360;
export const LEFT = 62;
export const RIGHT = 26;
export const TOP = 14;
export const BOTTOM = 50;

/** A number for a path: two decimals, no more digits than needed. */
export const px = (value: number) => String(Math.round(value * 100) / 100);

/** Ticks at round numbers between two ends. */
export function roundTicks(from: number, to: number, about = 6, suffix = ''): Axis['ticks'] {
  const span = to - from;
  if (!(span > 0)) return [{ at: from, text: `${Number(from.toPrecision(4))}${suffix}` }];
  const rough = span / about;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough) ?? power * 10;
  const ticks: { at: number; text: string }[] = [];
  // Adding 0 makes 0 of -0.
  for (let i = Math.ceil(from / step - 1e-9) + 0; i * step <= to + step * 1e-9; i++) {
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

/** Where the values of two axes stand on the drawing; values beyond an axis stand at its end. */
export function frameOf(x: Axis, y: Axis): Frame {
  const across = (WIDTH - LEFT - RIGHT) / (x.to - x.from || 1);
  const up = (HEIGHT - TOP - BOTTOM) / (y.to - y.from || 1);
  return {
    x: (v) => LEFT + (Math.min(Math.max(v, x.from), x.to) - x.from) * across,
    y: (v) => HEIGHT - BOTTOM - (Math.min(Math.max(v, y.from), y.to) - y.from) * up,
  };
}

/** The area of a plot with grid, numbers and the names of its axes, as SVG. */
export function drawAxes(x: Axis, y: Axis, frame: Frame): string {
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
