/** Small log-log plots side by side as one SVG: what was measured, and the line of the work itself. */

const panel = { width: 300, height: 230, left: 52, right: 14, top: 34, bottom: 40 };
const text = (value) => String(value).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
const px = (value) => String(Math.round(value * 10) / 10);

/** 1000 as `1k`, 0.001 as `0.001`. */
function short(value) {
  if (value >= 1e6) return `${Number((value / 1e6).toPrecision(3))}M`;
  if (value >= 1e3) return `${Number((value / 1e3).toPrecision(3))}k`;
  return `${Number(value.toPrecision(3))}`;
}

/** Ends of the axis upwards: two decades at least, so that noise does not fill the panel. */
function costRange(costs) {
  const [low, high] = [Math.log10(Math.min(...costs)), Math.log10(Math.max(...costs))];
  const room = Math.max(0.12, 1 - (high - low) / 2);
  return [low - room, high + room];
}

/** Ends of the axis across: close to the sizes themselves. */
function sizeRange(sizes) {
  const [low, high] = [Math.log10(Math.min(...sizes)), Math.log10(Math.max(...sizes))];
  const room = Math.max(0.08, (high - low) * 0.05);
  return [low - room, high + room];
}

/** Powers of ten in a range, every second or third where there are many. */
function ticks(low, high, most) {
  const all = [];
  for (let k = Math.ceil(low - 1e-9); k <= high + 1e-9; k++) all.push(k);
  const step = Math.ceil(all.length / most);
  return all.filter((_, i) => i % step === 0);
}

function drawn({ name, unit, work, points }, axis, at) {
  // Size 0 has no logarithm: it stands at the left edge, named.
  const sizes = points.map(([n]) => n).filter((n) => n > 0);
  const hasNone = points.some(([n]) => n === 0);
  const least = Math.min(...sizes);
  const place = (n) => (n > 0 ? n : least / 10);
  const shown = points.filter(([, cost]) => cost > 0).map(([n, cost]) => [place(n), cost]);
  // The work's line meets what was measured at the largest size, or at the smallest where the work does not grow.
  const anchor = work === 0 ? shown[0] : shown.at(-1);
  const line = (n) => anchor[1] * (n / anchor[0]) ** work;
  const ends = [Math.min(...shown.map(([n]) => n)), Math.max(...sizes)];
  const [x0, x1] = sizeRange(shown.map(([n]) => n));
  const [y0, y1] = costRange(shown.map(([, cost]) => cost));
  const inner = { w: panel.width - panel.left - panel.right, h: panel.height - panel.top - panel.bottom };
  const x = (n) => panel.left + ((Math.log10(n) - x0) / (x1 - x0)) * inner.w;
  const y = (cost) => panel.top + inner.h - ((Math.log10(cost) - y0) / (y1 - y0)) * inner.h;
  const parts = [
    `<g transform="translate(${at.x} ${at.y})">`,
    `<text class="title" x="${panel.left}" y="15">${text(name)}</text>`,
    `<text class="unit" x="${panel.left}" y="28">${text(unit)}</text>`,
    `<rect class="area" x="${panel.left}" y="${panel.top}" width="${inner.w}" height="${inner.h}"/>`,
  ];
  const across = ticks(x0, x1, 5)
    .filter((k) => !hasNone || 10 ** k >= least * 0.99)
    .map((k) => [10 ** k, short(10 ** k)]);
  if (hasNone) across.unshift([least / 10, '0']);
  for (const [n, label] of across) {
    parts.push(
      `<path class="grid" d="M${px(x(n))} ${panel.top}v${inner.h}"/>`,
      `<text class="tick" x="${px(x(n))}" y="${panel.top + inner.h + 14}" text-anchor="middle">${text(label)}</text>`,
    );
  }
  for (const k of ticks(y0, y1, 5)) {
    const level = y(10 ** k);
    parts.push(
      `<path class="grid" d="M${panel.left} ${px(level)}h${inner.w}"/>`,
      `<text class="tick" x="${panel.left - 5}" y="${px(level + 3.5)}" text-anchor="end">${text(short(10 ** k))}</text>`,
    );
  }
  const [from, to] = clipped(ends, line, 10 ** y0);
  const path = shown.map(([n, cost], i) => `${i === 0 ? 'M' : 'L'}${px(x(n))} ${px(y(cost))}`).join('');
  parts.push(
    `<path class="line" d="${path}"/>`,
    `<path class="work" d="M${px(x(from))} ${px(y(line(from)))}L${px(x(to))} ${px(y(line(to)))}"/>`,
    ...shown.map(([n, cost]) => `<circle class="dot" cx="${px(x(n))}" cy="${px(y(cost))}" r="3.2"/>`),
    `<text class="tick" x="${panel.left + inner.w / 2}" y="${panel.top + inner.h + 31}" text-anchor="middle">${text(axis)}</text>`,
    '</g>',
  );
  return parts.join('\n');
}

/** The work's line begins where it comes into the panel. */
function clipped([from, to], line, bottom) {
  if (line(from) >= bottom) return [from, to];
  const slope = Math.log(line(to) / line(from)) / Math.log(to / from);
  return [from * (bottom / line(from)) ** (1 / slope), to];
}

/**
 * The series of one part as an SVG text, three panels beside each other.
 *
 * @param axis what the sizes are: `rows in the ledger`
 */
export function growthPlot(title, axis, series) {
  const columns = Math.min(3, series.length);
  const width = columns * panel.width + 10;
  const height = 42 + Math.ceil(series.length / columns) * panel.height;
  const panels = series.map((one, i) =>
    drawn(one, axis, { x: (i % columns) * panel.width, y: 42 + Math.floor(i / columns) * panel.height }),
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${text(title)}">
<style>
text{font:11px system-ui,sans-serif;fill:#333}.head{font-weight:600;font-size:13px}.title{font-weight:600}.unit{fill:#666;font-size:10px}.tick{font-size:10px;fill:#555}
.area{fill:#fbfbfb;stroke:#bbb}.grid{stroke:#e4e4e4;fill:none}.line{stroke:#1f6feb;stroke-width:1.8;fill:none}.dot{fill:#1f6feb}.work{stroke:#d9822b;stroke-width:1.6;stroke-dasharray:5 4;fill:none}
</style>
<rect width="100%" height="100%" fill="#fff"/>
<text class="head" x="14" y="20">${text(title)}</text>
<path class="line" d="M14 33h22"/><text class="unit" x="41" y="36.5">measured</text>
<path class="work" d="M104 33h22"/><text class="unit" x="131" y="36.5">growth of the work itself</text>
${panels.join('\n')}
</svg>
`;
}
