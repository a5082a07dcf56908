import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError, call } from '../../api.ts';
import { named, number, t } from '../../i18n/index.ts';
import type { Trial } from '../../types.ts';
import { Choice } from '../../ui/parts.tsx';
import { said } from '../../ui/said.ts';
import { Table } from '../../ui/table.tsx';
import { type Change, changed, UNCHANGED } from './changed.ts';

/** The values that are judged, by change. */
const VALUES = {
  quality: [95, 80, 60, 40, 30, 20, 10, 5],
  blur: [0, 0.5, 1, 1.5, 2, 3, 5, 8],
  size: [100, 80, 60, 50, 40, 30, 20, 10],
} as const;
const NAMES = { quality: 'try.jpeg', blur: 'try.blur', size: 'try.size' } as const;

interface Point {
  readonly value: number;
  readonly trial: Trial;
}

/** How the score goes with one change: judged at several values, drawn and in numbers. */
export function Curve({ blob, query }: { readonly blob: Blob; readonly query: string }) {
  const [over, setOver] = useState<keyof Change>('quality');
  const [points, setPoints] = useState<readonly Point[]>([]);
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState('');
  const running = useRef<AbortController | null>(null);
  useEffect(() => () => running.current?.abort(), []);
  const draw = async (change: keyof Change) => {
    running.current?.abort();
    const controller = new AbortController();
    const { signal } = controller;
    running.current = controller;
    setProblem('');
    setPoints([]);
    setBusy(true);
    try {
      for (const value of VALUES[change]) {
        const picture = await changed(blob, { ...UNCHANGED, [change]: value });
        const trial = await call<Trial>(`/try${query}`, { method: 'POST', blob: picture, signal });
        if (signal.aborted) return;
        setPoints((known) => [...known, { value, trial }]);
      }
    } catch (error) {
      if (signal.aborted) return;
      setProblem(error instanceof ApiError ? said(error) : t('try.notShown'));
    } finally {
      if (!signal.aborted) setBusy(false);
    }
  };
  const name = t(NAMES[over]);
  return (
    <section class="curve" aria-label={t('curve.title')}>
      <p class="dim">{t('curve.lead')}</p>
      <div class="toolbar">
        <Choice
          label={t('curve.over')}
          value={over}
          options={(Object.keys(NAMES) as (keyof Change)[]).map((one) => [one, t(NAMES[one])] as const)}
          onChoose={(value) => {
            running.current?.abort();
            setBusy(false);
            setPoints([]);
            setOver(value as keyof Change);
          }}
        />
        <button type="button" class="button" disabled={isBusy} onClick={() => void draw(over)}>
          {isBusy ? t('curve.drawing', { n: points.length, all: VALUES[over].length }) : t('curve.draw')}
        </button>
      </div>
      <p class="problem" role="alert">
        {problem}
      </p>
      {points.length > 0 && <Drawing points={points} count={VALUES[over].length} name={name} />}
    </section>
  );
}

function Drawing(props: {
  readonly points: readonly Point[];
  readonly count: number;
  readonly name: string;
}) {
  const { points, count, name } = props;
  const threshold = points[0]?.trial.threshold ?? 0;
  const x = (index: number) => 34 + (index * 352) / (count - 1);
  const y = (score: number) => 134 - score * 1.2;
  const line = points
    .flatMap(({ trial: { rawScore } }, index) => (rawScore === null ? [] : [`${x(index)},${y(rawScore)}`]))
    .join(' ');
  return (
    <>
      <svg
        class="curve-drawing"
        viewBox="0 0 400 160"
        role="img"
        aria-label={t('curve.label', { change: name, threshold })}
      >
        {[0, 50, 100].map((score) => (
          <g key={score}>
            <line class="grid" x1="34" x2="386" y1={y(score)} y2={y(score)} />
            <text x="28" y={y(score) + 3} text-anchor="end">
              {score}
            </text>
          </g>
        ))}
        <line class="limit" x1="34" x2="386" y1={y(threshold)} y2={y(threshold)} />
        <polyline class="curve-line" points={line} />
        {points.map(({ value, trial }, index) => (
          <g key={value}>
            {trial.rawScore !== null && (
              <circle class={`dot ${trial.verdict}`} cx={x(index)} cy={y(trial.rawScore)} r="4" />
            )}
            <text x={x(index)} y="151" text-anchor="middle">
              {value}
            </text>
          </g>
        ))}
      </svg>
      <details>
        <summary>{t('curve.numbers')}</summary>
        <Table
          label={t('curve.numbers')}
          head={[name, t('curve.score'), t('decisions.verdict')]}
          numeric={[1]}
        >
          {points.map(({ value, trial }) => (
            <tr key={value}>
              <th scope="row">{number(value, 1)}</th>
              <td class="right mono">{trial.rawScore ?? '–'}</td>
              <td>{named('verdict', trial.verdict)}</td>
            </tr>
          ))}
        </Table>
      </details>
    </>
  );
}
