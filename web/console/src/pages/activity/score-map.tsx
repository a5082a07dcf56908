import { shortMoment, t } from '../../i18n/index.ts';
import type { Step } from '../../types.ts';

/** Height of a share of five scores, and the width of all steps together. */
const ROW = 7;
const WIDTH = 960;

/** Raw scores over time: the more pictures a share of scores has in a step, the darker it is. */
export function ScoreMap({ steps }: { readonly steps: readonly Step[] }) {
  const most = Math.max(1, ...steps.flatMap(({ scores }) => scores));
  const width = WIDTH / Math.max(1, steps.length);
  const [first, last] = [steps[0], steps.at(-1)];
  return (
    <>
      <div class="score-map">
        <div class="score-map-axis dim" aria-hidden="true">
          <span>100</span>
          <span>50</span>
          <span>0</span>
        </div>
        <svg
          viewBox={`0 0 ${WIDTH} ${ROW * 20}`}
          preserveAspectRatio="none"
          role="img"
          aria-label={t('activity.scoresOverTime')}
        >
          <rect class="ground" width={WIDTH} height={ROW * 20} />
          {steps.map(({ at, scores }, column) =>
            scores.map(
              (count, share) =>
                count > 0 && (
                  <rect
                    key={`${at} ${share}`}
                    class="fill-accent"
                    x={column * width}
                    y={(19 - share) * ROW}
                    width={Math.max(1, width * 0.94)}
                    height={ROW - 0.7}
                    opacity={0.25 + 0.75 * Math.sqrt(count / most)}
                  />
                ),
            ),
          )}
        </svg>
      </div>
      <div class="histogram-axis dim score-map-times" aria-hidden="true">
        <span>{first === undefined ? '' : shortMoment(first.at)}</span>
        <span>{last === undefined ? '' : shortMoment(last.at)}</span>
      </div>
    </>
  );
}
