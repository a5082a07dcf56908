import { useState } from 'preact/hooks';
import { call } from '../api.ts';
import { moment, number, t } from '../i18n/index.ts';
import { go, place } from '../router.ts';
import { may } from '../session.ts';
import { Check } from '../ui/form.tsx';
import { Card, Field, PageHead, Segments } from '../ui/parts.tsx';
import { Empty, Failed, Loading } from '../ui/states.tsx';
import { useLoad } from '../use-load.ts';
import { EffectTable, EffectText } from './threshold/effect.tsx';
import { Histogram } from './threshold/histogram.tsx';
import { PointsCard } from './threshold/points.tsx';
import { SaveDialog } from './threshold/save.tsx';
import type { Limits, Range, Scores } from './threshold/types.ts';
import { useWhatIf } from './threshold/use-what-if.ts';
import './tools.css';
import './threshold/threshold.css';

const PERIODS = { '24h': 1, '7d': 7, '30d': 30 } as const;
type Period = keyof typeof PERIODS;
const DAY = 86_400_000;
const MINUTE = 60_000;

/** The scores of this installation, what another threshold would have done, and saving it for an app. */
export function ThresholdPage() {
  const { query } = place.value;
  const period = (Object.keys(PERIODS) as Period[]).find((one) => one === query.get('period')) ?? '30d';
  const app = query.get('app') ?? '';
  const to = (change: { readonly period?: string; readonly app?: string }) => {
    const wanted = new URLSearchParams(
      Object.entries({ period, app, ...change }).filter(([, value]) => value !== ''),
    );
    go(`/threshold?${wanted}`, true);
  };
  return (
    <>
      <PageHead title={t('threshold.title')} lead={t('threshold.lead')} />
      <div class="toolbar">
        <Segments
          label={t('threshold.range')}
          value={period}
          options={(Object.keys(PERIODS) as Period[]).map((one) => [one, t(`activity.${one}`)] as const)}
          onChoose={(value) => to({ period: value })}
        />
        <Field
          label={t('threshold.app')}
          placeholder={t('threshold.allApps')}
          value={app}
          maxLength={15}
          onChange={({ currentTarget: { value } }) => to({ app: value.trim() })}
        />
      </div>
      <Counted key={`${period} ${app}`} period={period} app={app} />
    </>
  );
}

/** A period ends at a whole minute: what was counted for the histogram serves the moves of the threshold. */
function rangeOf(period: Period, app: string): Range {
  const end = Math.ceil(Date.now() / MINUTE) * MINUTE;
  return {
    from: new Date(end - PERIODS[period] * DAY).toISOString(),
    to: new Date(end).toISOString(),
    ...(app === '' ? {} : { app }),
  };
}

function Counted({ period, app }: { readonly period: Period; readonly app: string }) {
  const [range] = useState(() => rangeOf(period, app));
  const query = new URLSearchParams(Object.entries(range));
  const { value, error, reload } = useLoad('scores', (signal) =>
    call<Scores>(`/scores?${query}`, { signal }),
  );
  if (value !== null) return <Tried scores={value} range={range} />;
  return error !== null ? <Failed error={error} retry={reload} /> : <Loading />;
}

/** The whole threshold at which no more is live than at this one. */
const whole = (threshold: number) => Math.min(100, Math.max(0, Math.ceil(threshold)));

function Tried({ scores, range }: { readonly scores: Scores; readonly range: Range }) {
  const { server, app } = scores;
  const [threshold, setThreshold] = useState(whole(server.threshold));
  const [limits, setLimits] = useState<Limits | null>(null);
  const [isSaving, setSaving] = useState(false);
  const isOrdered = limits === null || (limits.low >= 0 && limits.low < limits.high && limits.high <= 1);
  const { effect, problem } = useWhatIf(range, threshold, isOrdered ? limits : null);
  const isEmpty = scores.scored === 0;
  return (
    <div class="threshold-page">
      <Card title={t('threshold.histogram')}>
        {isEmpty ? (
          <Empty>{t('threshold.none')}</Empty>
        ) : (
          <Histogram scores={scores} threshold={threshold} onThreshold={setThreshold} />
        )}
        {!scores.isWhole && (
          <p class="hint">{t('threshold.newest', { n: number(scores.rows), from: moment(scores.from) })}</p>
        )}
        <Controls threshold={threshold} onThreshold={setThreshold} />
        <p class="dim">{t('threshold.above', { threshold, server: number(server.threshold, 2) })}</p>
        <ReviewLimits standard={app?.review ?? server.review} limits={limits} onChange={setLimits} />
        {!isOrdered && <p class="problem">{t('threshold.reviewWrong')}</p>}
      </Card>
      <Card title={t('threshold.effect')}>
        <div aria-live="polite">
          {problem !== '' && <p class="problem">{problem}</p>}
          {effect === null && problem === '' && <Loading />}
          {effect !== null && <EffectText effect={effect} />}
        </div>
        {effect !== null && effect.scored > 0 && <EffectTable effect={effect} />}
        {may('apps.write') && (
          <div class="dialog-end">
            <button type="button" class="button main" onClick={() => setSaving(true)}>
              {t('threshold.save')}
            </button>
          </div>
        )}
      </Card>
      <PointsCard onTry={(one) => setThreshold(whole(one))} />
      {isSaving && (
        <SaveDialog
          range={range}
          threshold={threshold}
          review={isOrdered ? limits : null}
          server={server}
          onClose={() => setSaving(false)}
        />
      )}
    </div>
  );
}

function Controls(props: { readonly threshold: number; readonly onThreshold: (threshold: number) => void }) {
  const { threshold, onThreshold } = props;
  const set = ({ currentTarget: { value } }: { readonly currentTarget: HTMLInputElement }) => {
    const one = Number(value);
    if (value !== '' && Number.isInteger(one) && one >= 0 && one <= 100) onThreshold(one);
  };
  return (
    <div class="threshold-controls">
      <Field
        label={t('threshold.slider')}
        type="range"
        min={0}
        max={100}
        value={String(threshold)}
        onInput={set}
      />
      <Field
        label={t('threshold.number')}
        type="number"
        min={0}
        max={100}
        step={1}
        value={String(threshold)}
        onInput={set}
      />
    </div>
  );
}

/** Limits as they can be tried: what is counted are hundredths. */
function inHundredths({ low, high }: Limits): Limits {
  const least = Math.min(99, Math.round(low * 100));
  return { low: least / 100, high: Math.max(least + 1, Math.round(high * 100)) / 100 };
}

function ReviewLimits(props: {
  readonly standard: Limits | null;
  readonly limits: Limits | null;
  readonly onChange: (limits: Limits | null) => void;
}) {
  const { standard, limits, onChange } = props;
  const field = (name: keyof Limits, known: Limits) => (
    <Field
      label={t(`threshold.limit.${name}`)}
      type="number"
      min={0}
      max={100}
      step={1}
      value={String(Math.round(known[name] * 100))}
      onInput={({ currentTarget: { value } }) =>
        onChange({ ...known, [name]: Math.round(Number(value)) / 100 })
      }
    />
  );
  return (
    <div class="review-limits">
      <Check
        label={t('threshold.reviewLimits')}
        isOn={limits !== null}
        onChange={(isOn) =>
          onChange(isOn ? (standard === null ? { low: 0.3, high: 0.7 } : inHundredths(standard)) : null)
        }
      />
      {limits !== null && (
        <>
          <div class="fields">
            {field('low', limits)}
            {field('high', limits)}
          </div>
          <p class="hint">{t('threshold.reviewHint')}</p>
        </>
      )}
    </div>
  );
}
