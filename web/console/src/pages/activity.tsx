import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { call, isReachable } from '../api.ts';
import { duration, type Language, language, moment, named, number, t } from '../i18n/index.ts';
import { go, place } from '../router.ts';
import type { Activity, Step } from '../types.ts';
import { FromTo } from '../ui/from-to.tsx';
import { Field, PageHead, Segments } from '../ui/parts.tsx';
import { Empty, Failed, Loading } from '../ui/states.tsx';
import { useLoad } from '../use-load.ts';
import { Bars, Histogram, mostOf } from './activity/bars.tsx';
import { ChartCard } from './activity/chart-card.tsx';
import { Lines } from './activity/lines.tsx';
import { ScoreMap } from './activity/score-map.tsx';

/** Periods to choose from, in minutes, with steps in seconds. */
const PERIODS = {
  '15m': [15, 10],
  '1h': [60, 60],
  '6h': [360, 300],
  '24h': [1440, 900],
  '7d': [10_080, 3600],
  '30d': [43_200, 21_600],
} as const;
type Period = keyof typeof PERIODS;

const VERDICTS = [
  ['live', 'good'],
  ['attack', 'bad'],
  ['poor_quality', 'warn'],
  ['no_face', 'warn-2'],
  ['refused', 'dim'],
] as const;

/** What is looked at: a period that ends now, or a range of one's own; without an end it reaches now. */
interface Asked {
  readonly period: Period | 'own';
  readonly app: string;
  readonly from: string;
  readonly to: string;
}

const HOUR = 3_600_000;
const TEN_SECONDS = 10_000;

/** The range as the API takes it; of one's own the service chooses the steps. */
function rangeOf({ period, from, to }: Omit<Asked, 'app'>): Readonly<Record<string, string>> {
  if (period === 'own') {
    const end = to === '' ? new Date(Math.ceil(Date.now() / TEN_SECONDS) * TEN_SECONDS).toISOString() : to;
    return { from: from === '' ? new Date(Date.parse(end) - HOUR).toISOString() : from, to: end };
  }
  const [minutes, step] = PERIODS[period];
  const end = Math.ceil(Date.now() / 1000 / step) * step * 1000;
  return {
    from: new Date(end - minutes * 60_000).toISOString(),
    to: new Date(end).toISOString(),
    step: String(step * 1000),
  };
}

function load({ app, ...asked }: Asked, signal: AbortSignal): Promise<Activity> {
  const query = new URLSearchParams({ ...rangeOf(asked), ...(app === '' ? {} : { app }) });
  return call<Activity>(`/activity?${query}`, { signal });
}

/** What the address asks for. */
function askedBy(query: URLSearchParams): Asked {
  const named = query.get('period');
  const known = (Object.keys(PERIODS) as Period[]).find((one) => one === named);
  const moment = (name: string) => {
    const text = query.get(name) ?? '';
    return Number.isNaN(Date.parse(text)) ? '' : new Date(text).toISOString();
  };
  const period = named === 'own' ? 'own' : (known ?? '1h');
  const range = period === 'own' ? { from: moment('from'), to: moment('to') } : { from: '', to: '' };
  return { period, app: query.get('app') ?? '', ...range };
}

/** Long periods are counted anew at most once a minute: a chart of days does not change with each request. */
const mostOften = (step: number) => Math.min(60_000, step / 60);

/** What the service does: live, or in a period. */
export function ActivityPage() {
  const { query } = place.value;
  const asked = askedBy(query);
  const { period, app, from, to } = asked;
  const reachesNow = to === '' || Date.parse(to) > Date.now();
  const [isLive, setLive] = useState(true);
  const [tick, setTick] = useState(0);
  const { value: isHere } = isReachable;
  const counted = useRef({ at: 0, step: 0 });
  useEffect(() => {
    if (!isLive || !isHere || !reachesNow) return;
    const source = new EventSource('/admin/v1/activity/live');
    let timer: ReturnType<typeof setTimeout> | undefined;
    source.onmessage = () => {
      const { at, step } = counted.current;
      clearTimeout(timer);
      timer = setTimeout(() => setTick((count) => count + 1), at + mostOften(step) - Date.now());
    };
    return () => {
      clearTimeout(timer);
      source.close();
    };
  }, [isLive, isHere, reachesNow]);
  const { value, error, isLoading, reload } = useLoad(
    `${period} ${app} ${from} ${to} ${tick}`,
    async (signal) => {
      const found = await load(asked, signal);
      counted.current = { at: Date.now(), step: found.step };
      return found;
    },
  );
  const choose = (next: Partial<Asked>) => {
    const wanted = { ...asked, ...next };
    // A range of one's own begins as what is looked at, up to now.
    const begin = wanted.period === 'own' && period !== 'own' ? (rangeOf(asked).from ?? '') : wanted.from;
    const range = wanted.period === 'own' ? { from: begin, to: wanted.to } : {};
    const entries = Object.entries({ period: wanted.period, app: wanted.app, ...range });
    go(`/activity?${new URLSearchParams(entries.filter(([, text]) => text !== ''))}`, true);
  };
  return (
    <>
      <PageHead title={t('activity.title')} />
      <div class="toolbar">
        <Segments
          label={t('activity.range')}
          value={period}
          options={[...(Object.keys(PERIODS) as Period[]), 'own' as const].map(
            (one) => [one, t(`activity.${one}`)] as const,
          )}
          onChoose={(chosen) => choose({ period: chosen as Period | 'own' })}
        />
        {period === 'own' && <FromTo from={from} to={to} onChange={choose} />}
        <Field
          label={t('activity.app')}
          placeholder={t('activity.allApps')}
          value={app}
          onChange={({ currentTarget }) => choose({ app: currentTarget.value.trim() })}
        />
        <label class="check">
          <input
            type="checkbox"
            checked={isLive && reachesNow}
            disabled={!reachesNow}
            onChange={({ currentTarget }) => setLive(currentTarget.checked)}
          />
          {t('activity.live')}
        </label>
      </div>
      {error !== null && <Failed error={error} retry={reload} />}
      {value === null && isLoading && error === null && <Loading />}
      {value !== null && <Charts activity={value} />}
    </>
  );
}

const SHARES = Array.from({ length: 20 }, (_, index) => index);
/** Scores of a share. */
const shareText = (index: number) => `${index * 5}–${index === 19 ? 100 : index * 5 + 4}`;

function totals({ steps, from, to }: Activity) {
  const sums: Record<string, number> = {};
  for (const { requests } of steps) {
    for (const [verdict, count] of Object.entries(requests)) sums[verdict] = (sums[verdict] ?? 0) + count;
  }
  const all = Object.values(sums).reduce((sum, one) => sum + one, 0);
  const minutes = (new Date(to).getTime() - new Date(from).getTime()) / 60_000;
  return { sums, all, perMinute: all / minutes };
}

/** Every step of the period, those without a request too. */
function everyStep({ steps, from, to, step }: Activity): readonly Step[] {
  const known = new Map(steps.map((one) => [new Date(one.at).getTime(), one]));
  const first = Math.floor(new Date(from).getTime() / step) * step;
  const count = Math.ceil((new Date(to).getTime() - first) / step);
  return Array.from({ length: count }, (_, index) => {
    const at = first + index * step;
    return known.get(at) ?? { at: new Date(at).toISOString(), requests: {}, latency: null, scores: [] };
  });
}

function Charts({ activity }: { readonly activity: Activity }) {
  const { sums, all, perMinute } = totals(activity);
  const { value: now } = language;
  const charts = useMemo(() => chartsOf(activity, now), [activity, now]);
  if (all === 0) return <Empty>{t('activity.empty')}</Empty>;
  const share = (count = 0) => `${number((count / all) * 100, 1)} %`;
  const medians = activity.steps
    .flatMap(({ latency }) => (latency === null ? [] : [latency.p50]))
    .sort((a, b) => a - b);
  const median = medians[Math.floor(medians.length / 2)];
  const byCount = (counts: Readonly<Record<string, number>>) =>
    Object.entries(counts).sort(([, a], [, b]) => b - a);
  const step = duration(activity.step / 1000);
  const [refusals, codes] = [byCount(activity.refusals), byCount(activity.codes)];
  return (
    <>
      {!activity.isWhole && <p class="banner">{t('activity.cut', { from: moment(activity.from) })}</p>}
      <dl class="tiles">
        <Tile
          name={t('activity.total')}
          value={number(all)}
          more={t('activity.perMinute', { n: number(perMinute, 1) })}
        />
        <Tile name={t('activity.shareLive')} value={share(sums.live)} more={number(sums.live ?? 0)} />
        <Tile
          name={t('activity.shareRefused')}
          value={share(sums.refused)}
          more={number(sums.refused ?? 0)}
        />
        <Tile
          name={t('activity.median')}
          value={median === undefined ? '–' : t('try.ms', { ms: number(median, 0) })}
        />
      </dl>
      <div class="charts">
        <ChartCard
          title={t('activity.requests')}
          file="requests"
          note={t('activity.noteRequests', { step })}
          class="wide"
          head={[t('activity.time'), ...VERDICTS.map(([one]) => named('verdict', one))]}
          rows={charts.steps.map(({ at, requests }) => [
            moment(at),
            ...VERDICTS.map(([one]) => requests[one] ?? 0),
          ])}
        >
          <Lines label={t('activity.requests')} times={charts.times} lines={charts.verdicts} isStacked />
        </ChartCard>
        <ChartCard
          title={t('activity.latency')}
          file="latency"
          note={t('activity.noteLatency', { step })}
          class="wide"
          head={[t('activity.time'), t('activity.p50'), t('activity.p95'), t('activity.p99')]}
          rows={charts.steps.flatMap(({ at, latency }) =>
            latency === null ? [] : [[moment(at), latency.p50, latency.p95, latency.p99]],
          )}
        >
          <Lines label={t('activity.latency')} times={charts.times} lines={charts.latencies} />
        </ChartCard>
        <ChartCard
          title={t('activity.scoresOverTime')}
          file="scores-over-time"
          note={t('activity.noteScoreMap', { step })}
          class="wide"
          head={[t('activity.time'), ...SHARES.map(shareText)]}
          rows={charts.steps.flatMap(({ at, scores }) =>
            scores.length === 0 ? [] : [[moment(at), ...scores]],
          )}
        >
          <ScoreMap steps={charts.steps} />
        </ChartCard>
        <ChartCard
          title={t('activity.shares')}
          file="shares"
          note={t('activity.noteShares', { step })}
          class="wide"
          head={[t('activity.time'), ...VERDICTS.map(([one]) => named('verdict', one))]}
          rows={charts.steps.flatMap(({ at, requests }) => {
            const sum = Object.values(requests).reduce((total, count) => total + count, 0);
            if (sum === 0) return [];
            return [
              [moment(at), ...VERDICTS.map(([one]) => Math.round(((requests[one] ?? 0) / sum) * 1000) / 10)],
            ];
          })}
        >
          <Lines
            label={t('activity.shares')}
            times={charts.times}
            lines={charts.shares}
            isStacked
            most={100}
            unit=" %"
          />
        </ChartCard>
        <ChartCard
          title={t('activity.scores')}
          file="scores"
          note={t('activity.noteScores', { n: number(mostOf(activity.scores)) })}
          head={[t('activity.score'), t('verdict.live'), t('activity.otherVerdict')]}
          rows={activity.scores.map(({ from, live, other }) => [shareText(from / 5), live, other])}
        >
          <Histogram scores={activity.scores} />
        </ChartCard>
        <ChartCard
          title={t('activity.refusals')}
          file="refusals"
          head={[t('activity.reason'), t('activity.count')]}
          rows={refusals}
        >
          <Bars label={t('activity.refusals')} counts={refusals} />
        </ChartCard>
        <ChartCard
          title={t('activity.codes')}
          file="codes"
          head={[t('activity.code'), t('activity.count')]}
          rows={codes}
        >
          <Bars label={t('activity.codes')} counts={codes} />
        </ChartCard>
      </div>
    </>
  );
}

function chartsOf(activity: Activity, _now: Language) {
  const steps = everyStep(activity);
  return {
    steps,
    times: steps.map(({ at }) => new Date(at).getTime() / 1000),
    verdicts: VERDICTS.map(([one, colour]) => ({
      name: named('verdict', one),
      colour,
      values: steps.map(({ requests }) => requests[one] ?? 0),
    })),
    shares: VERDICTS.map(([one, colour]) => ({
      name: named('verdict', one),
      colour,
      values: steps.map(({ requests }) => {
        const sum = Object.values(requests).reduce((total, count) => total + count, 0);
        return sum === 0 ? 0 : ((requests[one] ?? 0) / sum) * 100;
      }),
    })),
    latencies: (
      [
        ['p50', 'accent'],
        ['p95', 'warn'],
        ['p99', 'bad'],
      ] as const
    ).map(([one, colour]) => ({
      name: t(`activity.${one}`),
      colour,
      values: steps.map(({ latency }) => latency?.[one] ?? null),
    })),
  };
}

function Tile({
  name,
  value,
  more = '',
}: {
  readonly name: string;
  readonly value: string;
  readonly more?: string;
}) {
  return (
    <div class="tile">
      <dt>{name}</dt>
      <dd>{value}</dd>
      {more !== '' && <dd class="more">{more}</dd>}
    </div>
  );
}
