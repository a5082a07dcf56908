import { percentTicks, px, WIDTH } from './axis.ts';
import { escapeHtml } from './html.ts';

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
