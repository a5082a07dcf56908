import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { ApiError, call } from '../../api.ts';
import { t } from '../../i18n/index.ts';
import type { Trial } from '../../types.ts';
import { Card, Verdict } from '../../ui/parts.tsx';
import { said } from '../../ui/said.ts';
import { type Change, changed, UNCHANGED } from './changed.ts';
import { Curve } from './curve.tsx';

interface Reaction {
  readonly name: string;
  readonly trial: Trial;
}

const nameOf = ({ quality, blur, size }: Change) =>
  [
    `JPEG ${quality}`,
    ...(blur > 0 ? [`${t('try.blur')} ${blur}`] : []),
    ...(size < 100 ? [`${size} %`] : []),
  ].join(' · ');

/** Sliders that change the picture, and how the score reacts. */
export function ChangeCard(props: {
  readonly blob: Blob;
  readonly original: Trial;
  readonly query: string;
  readonly onChanged: (blob: Blob, trial: Trial) => void;
}) {
  const { blob, original, query, onChanged } = props;
  const [change, setChange] = useState(UNCHANGED);
  const [reactions, setReactions] = useState<readonly Reaction[]>([]);
  const [problem, setProblem] = useState('');
  const isFirst = useRef(true);
  useEffect(() => {
    if (isFirst.current) {
      isFirst.current = false;
      return;
    }
    const controller = new AbortController();
    // Not at every pixel of a slider's way.
    const timer = setTimeout(async () => {
      try {
        const picture = await changed(blob, change);
        const trial = await call<Trial>(`/try${query}`, {
          method: 'POST',
          blob: picture,
          signal: controller.signal,
        });
        setProblem('');
        setReactions((known) => [...known.slice(-11), { name: nameOf(change), trial }]);
        onChanged(picture, trial);
      } catch (error) {
        if (error instanceof ApiError) setProblem(said(error));
        else if (!controller.signal.aborted) setProblem(t('try.notShown'));
      }
    }, 250);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [change]);
  const reset = () => {
    isFirst.current = true;
    setChange(UNCHANGED);
    setReactions([]);
    onChanged(blob, original);
  };
  return (
    <Card
      title={t('try.change')}
      more={
        <button type="button" class="button small" onClick={reset}>
          {t('try.reset')}
        </button>
      }
    >
      <p class="dim">{t('try.changeLead')}</p>
      <Slider
        name={t('try.jpeg')}
        min={5}
        max={100}
        value={change.quality}
        set={(quality) => setChange({ ...change, quality })}
      />
      <Slider
        name={t('try.blur')}
        min={0}
        max={10}
        step={0.5}
        value={change.blur}
        set={(blur) => setChange({ ...change, blur })}
      />
      <Slider
        name={t('try.size')}
        min={5}
        max={100}
        value={change.size}
        unit=" %"
        set={(size) => setChange({ ...change, size })}
      />
      <p class="problem" role="alert">
        {problem}
      </p>
      <ol class="reactions" aria-label={t('try.reaction')} aria-live="polite">
        {[{ name: t('try.original'), trial: original }, ...reactions].map(({ name, trial }, index) => (
          <li key={`${index}-${name}`}>
            <span class="reaction-name">{name}</span>
            <Bar value={trial.rawScore} threshold={trial.threshold} isLive={trial.verdict === 'live'} />
            <Verdict verdict={trial.verdict} review={trial.review} />
          </li>
        ))}
      </ol>
      <Curve blob={blob} query={query} />
    </Card>
  );
}

/** A score as a bar, with the threshold on it. */
export function Bar(props: {
  readonly value: number | null;
  readonly threshold: number;
  readonly isLive: boolean;
}) {
  const { value, threshold, isLive } = props;
  return (
    <span class="score-bar">
      <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
        <rect class="track" width="100" height="8" />
        <rect class={isLive ? 'live' : 'other'} width={value ?? 0} height="8" />
        <rect class="mark" x={threshold} width="0.8" height="8" />
      </svg>
      <span class="mono">{value ?? '–'}</span>
    </span>
  );
}

function Slider(props: {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly step?: number;
  readonly value: number;
  readonly unit?: string;
  readonly set: (value: number) => void;
}) {
  const id = useId();
  const { name, min, max, step = 1, value, unit = '', set } = props;
  return (
    <div class="slider">
      <label for={id}>{name}</label>
      <input
        id={id}
        type="range"
        {...{ min, max, step, value }}
        onInput={({ currentTarget }) => set(Number(currentTarget.value))}
      />
      <output for={id} class="mono">
        {value}
        {unit}
      </output>
    </div>
  );
}
