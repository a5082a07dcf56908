import { type Axis, percentTicks, roundTicks } from '../../report/axis.ts';
import { type HistogramBar, histogram, linePlot, type PlotPoint, type Series } from '../../report/plot.ts';
import { type RangeBar, rangeBars } from '../../report/range-bars.ts';
import type { FullEvaluation } from '../evaluate.ts';
import type { ErrorCurve } from '../metrics/curve.ts';
import { probit } from '../metrics/special.ts';
import type { Effect, Robustness } from '../robustness/robustness.ts';
import { FAMILIES } from '../robustness/transformations.ts';
import { isScored } from '../types.ts';

const BONA_FIDE = 0;
const ATTACK = 1;
const BINS = 40;
const share = (name: string): Axis => ({ name, from: 0, to: 1, ticks: percentTicks(0, 1) });

function scoreRange(scores: readonly number[]): readonly [number, number] {
  const low = scores.reduce((m, s) => Math.min(m, s), Infinity);
  const high = scores.reduce((m, s) => Math.max(m, s), -Infinity);
  if (low >= 0 && high <= 1) return [0, 1];
  if (low >= 0 && high <= 100) return [0, 100];
  return high > low ? [low, high] : [low - 1, high + 1];
}

/** Scores of both classes side by side, with the threshold. */
export function scoreHistogram({ rows, evaluation }: FullEvaluation): string {
  const scored = rows.filter(isScored);
  if (scored.length === 0) return '';
  const [from, to] = scoreRange(scored.map((row) => row.score));
  const counts = Array.from({ length: BINS }, () => [0, 0]);
  for (const { score, label } of scored) {
    const bin = Math.min(BINS - 1, Math.floor(((score - from) / (to - from)) * BINS));
    counts[bin][label === 'attack' ? 1 : 0]++;
  }
  const totals = [0, 1].map((k) =>
    Math.max(
      1,
      counts.reduce((sum, c) => sum + c[k], 0),
    ),
  );
  const edge = (place: number) => from + ((to - from) * place) / BINS;
  // The bars of the two classes stand side by side.
  const bars = counts.flatMap((c, i): HistogramBar[] => [
    { from: edge(i), to: edge(i + 0.5), height: c[0] / totals[0], colour: BONA_FIDE },
    { from: edge(i + 0.5), to: edge(i + 1), height: c[1] / totals[1], colour: ATTACK },
  ]);
  const most = Math.max(...bars.map((bar) => bar.height)) * 1.1;
  return histogram(
    'Scores',
    'share of each class; right of the line is accepted',
    { name: 'score (higher: more bona fide)', from, to, ticks: roundTicks(from, to) },
    { name: 'share of the class', from: 0, to: most, ticks: percentTicks(0, most) },
    bars,
    [
      { name: `bona fide (${totals[0]})`, colour: BONA_FIDE },
      { name: `attacks (${totals[1]})`, colour: ATTACK },
    ],
    [{ x: evaluation.threshold.value, name: 'threshold' }],
  );
}

/** More lines than this cannot be told apart; the table has all. */
const MOST_SPECIES = 6;

const someSpecies = ({ speciesCurves }: FullEvaluation) =>
  speciesCurves.size > MOST_SPECIES ? `; ${MOST_SPECIES} of ${speciesCurves.size} species drawn` : '';

function curves(full: FullEvaluation, point: (curve: ErrorCurve, i: number) => PlotPoint): Series[] {
  const series = (name: string, colour: number, curve: ErrorCurve): Series => ({
    name,
    colour,
    kind: 'line',
    points: Array.from(curve.thresholds, (_, i) => point(curve, i)),
  });
  const species = [...full.speciesCurves].slice(0, MOST_SPECIES);
  const lines = species.length > 1 ? species.map(([name, curve], k) => series(name, 2 + k, curve)) : [];
  return [series('all attacks', ATTACK, full.curve), ...lines];
}

const DET_ENDS = [0.001, 0.8] as const;
const DET_TICKS = [0.001, 0.005, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8];

/** Detection error tradeoff: APCER against BPCER, both axes by normal deviates. */
export function detCurve(full: FullEvaluation): string {
  if (full.curve.attacks === 0 || full.curve.bonaFide === 0) return '';
  const axis = (name: string): Axis => ({
    name,
    from: probit(DET_ENDS[0]),
    to: probit(DET_ENDS[1]),
    ticks: DET_TICKS.map((at) => ({ at: probit(at), text: `${Number((at * 100).toPrecision(2))} %` })),
  });
  const normal = (rate: number) => probit(Math.min(DET_ENDS[1], Math.max(DET_ENDS[0], rate)));
  const here = full.evaluation.measures;
  const now: Series[] =
    here.apcerPooled.share === null || here.bpcer.share === null
      ? []
      : [
          {
            name: 'at the threshold',
            colour: 0,
            kind: 'dots',
            points: [[normal(here.apcerPooled.share), normal(here.bpcer.share)]],
          },
        ];
  return linePlot(
    'DET',
    `nearer to the lower left is better; rates under 0.1 % lie on the edge${someSpecies(full)}`,
    axis('APCER (attacks accepted)'),
    axis('BPCER (bona fide rejected)'),
    [...curves(full, (c, i) => [normal(c.apcer[i]), normal(c.bpcer[i])]), ...now],
  );
}

/** Receiver operating characteristic: bona fide accepted against attacks accepted. */
export function rocCurve(full: FullEvaluation): string {
  if (full.curve.attacks === 0 || full.curve.bonaFide === 0) return '';
  const chance: Series = {
    name: 'chance',
    colour: 0,
    kind: 'dashed',
    points: [
      [0, 0],
      [1, 1],
    ],
  };
  return linePlot(
    'ROC',
    `nearer to the upper left is better${someSpecies(full)}`,
    share('APCER (attacks accepted)'),
    share('bona fide accepted (1 - BPCER)'),
    [...curves(full, (c, i) => [c.apcer[i], 1 - c.bpcer[i]]), chance],
  );
}

const EPC_SOURCES = {
  given: 'threshold given',
  'development-set': 'thresholds chosen on the development set',
  folds: 'thresholds chosen on the other folds',
  'test-set': 'thresholds chosen on the TEST SET: too good to be true',
} as const;

/** Expected performance curve. */
export function epcCurve({ evaluation }: FullEvaluation): string {
  const { points, source } = evaluation.epc;
  if (points.length === 0) return '';
  const most = Math.max(0.05, ...points.map((p) => p.hter)) * 1.1;
  return linePlot(
    'EPC',
    `expected performance; ${EPC_SOURCES[source]}`,
    { name: 'weight of attacks accepted (alpha)', from: 0, to: 1, ticks: roundTicks(0, 1) },
    { name: 'HTER', from: 0, to: most, ticks: percentTicks(0, most) },
    [{ name: 'HTER', colour: ATTACK, kind: 'both', points: points.map((p) => [p.alpha, p.hter]) }],
  );
}

/** BPCER and APCER by species as bars with exact intervals. */
export function speciesBars({ evaluation }: FullEvaluation): string {
  const { bpcer, apcer } = evaluation.measures;
  const bars = [['bona fide (BPCER)', bpcer, BONA_FIDE] as const].concat(
    Object.entries(apcer).map(([name, r]) => [name, r, ATTACK] as never),
  );
  const drawn = bars.flatMap(([name, r, colour]): RangeBar[] =>
    r.share === null || r.interval === null
      ? []
      : [
          {
            name,
            colour,
            share: r.share,
            low: r.interval[0],
            high: r.interval[1],
            text: `${(r.share * 100).toFixed(1)} % (${r.errors}/${r.n})`,
          },
        ],
  );
  return drawn.length === 0
    ? ''
    : rangeBars(
        'Errors at the threshold',
        'bona fide rejected; attacks accepted (APCER) by species; Clopper-Pearson intervals',
        drawn,
      );
}

/** Reliability diagram. */
export function reliability({ evaluation }: FullEvaluation): string {
  const { calibration } = evaluation;
  if (calibration === null) return '';
  const shown = calibration.balanced ?? calibration;
  const how = calibration.balanced === null ? '' : ', both classes weighing alike';
  const filled = shown.bins.filter((bin) => bin.said !== null && bin.was !== null);
  return linePlot(
    'Reliability',
    `${calibration.source}${how}; Brier ${shown.brier.toFixed(3)}, ECE ${shown.ece.toFixed(3)}; below the diagonal: too sure of "live"`,
    share('probability said'),
    share('share that were bona fide'),
    [
      {
        name: 'perfect',
        colour: 0,
        kind: 'dashed',
        points: [
          [0, 0],
          [1, 1],
        ],
      },
      { name: 'found', colour: ATTACK, kind: 'both', points: filled.map((bin) => [bin.said!, bin.was!]) },
    ],
  );
}

function robustnessFigure(robustness: Robustness, family: string): string {
  const known = FAMILIES[family];
  const rows = robustness.rows.filter((row) => row.family === family);
  if (known === undefined || known.identity === null || rows.length === 0) return '';
  const at = [...rows.map((row) => row.at), known.identity];
  const from = Math.min(...at);
  const to = Math.max(...at);
  const line = (
    name: string,
    colour: number,
    of: (e: Effect) => number | null,
    pick: (r: (typeof rows)[number]) => Effect,
  ): Series => ({
    name,
    colour,
    kind: 'both',
    points: [
      ...rows.flatMap((row): PlotPoint[] => {
        const value = of(pick(row));
        return value === null ? [] : [[row.at, value]];
      }),
      [known.identity!, 0] as PlotPoint,
    ].sort((a, b) => a[0] - b[0]),
  });
  const series = [
    line(
      'verdict changed, bona fide',
      BONA_FIDE,
      (e) => e.changedShare,
      (r) => r.byLabel['bona-fide'],
    ),
    line(
      'verdict changed, attacks',
      ATTACK,
      (e) => e.changedShare,
      (r) => r.byLabel.attack,
    ),
    line(
      'mean move of the score / 100, all',
      3,
      (e) => (e.meanMove === null ? null : e.meanMove / 100),
      (r) => r.all,
    ),
  ].filter((s) => s.points.length > 1);
  const most = Math.max(0.1, ...series.flatMap((s) => s.points.map((p) => p[1]))) * 1.1;
  return linePlot(
    family,
    known.axis,
    { name: known.axis, from, to, ticks: roundTicks(from, to) },
    { name: 'share', from: 0, to: Math.min(1, most), ticks: percentTicks(0, Math.min(1, most)) },
    series,
  );
}

/** One figure for each family of transformations that has a scale. */
export function robustnessFigures(robustness: Robustness): string {
  return Object.keys(FAMILIES)
    .map((family) => robustnessFigure(robustness, family))
    .join('');
}
