import { number, t } from '../../i18n/index.ts';
import type { Activity } from '../../types.ts';
import { LegendItem, ScoreAxis } from '../../ui/score-axis.tsx';

/** Names and counts as bars beside each other's longest. */
export function Bars({
  label,
  counts,
}: {
  readonly label: string;
  readonly counts: readonly (readonly [string, number])[];
}) {
  const most = Math.max(1, ...counts.map(([, count]) => count));
  return (
    <ul class="bars" aria-label={label}>
      {counts.slice(0, 12).map(([name, count]) => (
        <li key={name}>
          <span class="bar-name">{name}</span>
          <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
            <rect class="fill-accent" width={(count / most) * 100} height="8" rx="1" />
          </svg>
          <span class="mono">{number(count)}</span>
        </li>
      ))}
    </ul>
  );
}

/** Pictures of the highest bar. */
export const mostOf = (scores: Activity['scores']) =>
  Math.max(1, ...scores.map(({ live, other }) => live + other));

/** The histogram of raw scores: live on top of all others. */
export function Histogram({ scores }: { readonly scores: Activity['scores'] }) {
  const most = mostOf(scores);
  const height = (count: number) => (count / most) * 100;
  return (
    <>
      <svg
        class="histogram"
        viewBox="0 0 400 104"
        role="img"
        aria-label={t('activity.scores')}
        preserveAspectRatio="none"
      >
        {scores.map(({ from, live, other }) => (
          <g key={from}>
            <rect
              class="fill-bad"
              x={from * 4 + 1}
              width="18"
              y={104 - height(other)}
              height={height(other)}
            />
            <rect
              class="fill-good"
              x={from * 4 + 1}
              width="18"
              y={104 - height(other) - height(live)}
              height={height(live)}
            />
          </g>
        ))}
      </svg>
      <ScoreAxis />
      <ul class="legend">
        <LegendItem colour="fill-good">{t('verdict.live')}</LegendItem>
        <LegendItem colour="fill-bad">{t('activity.otherVerdict')}</LegendItem>
      </ul>
    </>
  );
}
