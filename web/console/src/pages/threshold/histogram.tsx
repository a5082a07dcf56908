import { number, t } from '../../i18n/index.ts';
import { LegendItem, ScoreAxis } from '../../ui/score-axis.tsx';
import type { Scores } from './types.ts';

const KINDS = [
  ['attack', 'fill-bad', 'verdict.attack'],
  ['poorQuality', 'fill-warn', 'verdict.poor_quality'],
  ['live', 'fill-good', 'verdict.live'],
] as const;
const HEIGHT = 120;

/** Raw scores by verdict, and the threshold as a line; a press on it moves the threshold. */
export function Histogram(props: {
  readonly scores: Scores;
  readonly threshold: number;
  readonly onThreshold: (threshold: number) => void;
}) {
  const { scores, threshold, onThreshold } = props;
  const { bins } = scores;
  const most = Math.max(1, ...bins.map(({ live, attack, poorQuality }) => live + attack + poorQuality));
  const line = (threshold + 1) * 4;
  const move = (event: PointerEvent) => {
    const { currentTarget: svg } = event;
    if (!(svg instanceof SVGElement) || (event.type !== 'pointerdown' && event.buttons === 0)) return;
    if (event.type === 'pointerdown') svg.setPointerCapture(event.pointerId);
    const { left, width } = svg.getBoundingClientRect();
    const at = Math.round(((event.clientX - left) / width) * 101) - 1;
    onThreshold(Math.min(100, Math.max(0, at)));
  };
  return (
    <>
      <p class="chart-note dim">{t('activity.noteScores', { n: number(most) })}</p>
      <svg
        class="histogram threshold-histogram"
        viewBox={`0 0 404 ${HEIGHT}`}
        role="img"
        aria-label={t('threshold.histogramText', { n: number(scores.scored), threshold })}
        preserveAspectRatio="none"
        onPointerDown={move}
        onPointerMove={move}
      >
        {bins.map((bin) => {
          let top = HEIGHT;
          return KINDS.map(([kind, colour]) => {
            const height = (bin[kind] / most) * (HEIGHT - 4);
            top -= height;
            return height === 0 ? null : (
              <rect
                key={`${bin.upTo} ${kind}`}
                class={colour}
                x={bin.upTo * 4 + 0.3}
                width="3.4"
                y={top}
                height={height}
              />
            );
          });
        })}
        <line
          class="threshold-line"
          x1={line}
          x2={line}
          y1="0"
          y2={HEIGHT}
          vector-effect="non-scaling-stroke"
        />
      </svg>
      <ScoreAxis />
      <ul class="legend">
        {[...KINDS].reverse().map(([kind, colour, text]) => (
          <LegendItem key={kind} colour={colour}>
            {t(text)}
          </LegendItem>
        ))}
      </ul>
    </>
  );
}
