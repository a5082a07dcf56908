import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { language, number } from '../../i18n/index.ts';
import { isDark } from '../../look.ts';

/** One line of a chart, its colour by the name of a token. */
export interface Line {
  readonly name: string;
  readonly colour: string;
  readonly values: readonly (number | null)[];
}

const token = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** Lines, or bars on top of each other, over time; what they show stands in a table beside them. */
export function Lines(props: {
  readonly label: string;
  readonly times: readonly number[];
  readonly lines: readonly Line[];
  readonly isStacked?: boolean;
  readonly unit?: string;
  /** Where the scale ends; without it, a little above the highest value. */
  readonly most?: number;
}) {
  const { label, times, lines, isStacked = false, unit = '', most } = props;
  const box = useRef<HTMLDivElement>(null);
  const { value: dark } = isDark;
  const { value: now } = language;
  useEffect(() => {
    const { current } = box;
    if (current === null) return;
    const plot = new uPlot(
      optionsOf({ width: current.clientWidth, lines, isStacked, unit, now, most }),
      [times as number[], ...(isStacked ? stacked(lines) : lines.map(({ values }) => values as number[]))],
      current,
    );
    const observer = new ResizeObserver(() => plot.setSize({ width: current.clientWidth, height: HEIGHT }));
    observer.observe(current);
    return () => {
      observer.disconnect();
      plot.destroy();
    };
  }, [times, lines, isStacked, dark, now]);
  return (
    <>
      <div ref={box} class="plot" role="img" aria-label={label} />
      <ul class="legend">
        {lines.map(({ name, colour }) => (
          <li key={name}>
            <svg width="10" height="10" aria-hidden="true">
              <rect width="10" height="10" rx="2" class={`fill-${colour}`} />
            </svg>
            {name}
          </li>
        ))}
      </ul>
    </>
  );
}

const HEIGHT = 220;

/** Each line on top of those before it; drawn from the last to the first. */
function stacked(lines: readonly Line[]): number[][] {
  const sums: number[] = [];
  return lines
    .map(({ values }) =>
      values.map((value, index) => {
        sums[index] = (sums[index] ?? 0) + (value ?? 0);
        return sums[index];
      }),
    )
    .reverse();
}

function optionsOf(given: {
  readonly width: number;
  readonly lines: readonly Line[];
  readonly isStacked: boolean;
  readonly unit: string;
  readonly now: string;
  readonly most: number | undefined;
}): uPlot.Options {
  const { width, lines, isStacked, unit, now, most } = given;
  const grid = { stroke: token('--line'), width: 1 };
  const axis = {
    stroke: token('--dim'),
    grid,
    ticks: { ...grid, size: 4 },
    font: '12px system-ui, sans-serif',
  };
  const shown = isStacked ? [...lines].reverse() : lines;
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { drag: { x: false, y: false } },
    scales: { y: { range: (_plot, _min, max) => [0, most ?? (max > 0 ? max * 1.08 : 1)] } },
    axes: [
      { ...axis, values: (_plot, ticks) => ticks.map((tick) => timeText(tick, ticks, now)) },
      { ...axis, size: 56, values: (_plot, ticks) => ticks.map((tick) => `${number(tick, 1)}${unit}`) },
    ],
    series: [
      {},
      ...shown.map(({ name, colour }) => ({
        label: name,
        stroke: token(`--${colour}`),
        width: isStacked ? 0 : 1.75,
        points: isStacked ? { show: false } : { size: 5, fill: token(`--${colour}`) },
        spanGaps: true,
        ...(isStacked
          ? { fill: token(`--${colour}`), paths: uPlot.paths.bars?.({ size: [0.85, 40] }) ?? null }
          : {}),
      })),
    ],
  } as uPlot.Options;
}

/** The day where ticks are days apart, else hours and minutes. */
function timeText(tick: number, ticks: readonly number[], now: string): string {
  const apart = (ticks[1] ?? tick) - (ticks[0] ?? tick);
  const style: Intl.DateTimeFormatOptions =
    apart >= 86_400 ? { day: 'numeric', month: 'short' } : { hour: '2-digit', minute: '2-digit' };
  return new Intl.DateTimeFormat(now === 'zh' ? 'zh-CN' : 'en-GB', style).format(new Date(tick * 1000));
}
