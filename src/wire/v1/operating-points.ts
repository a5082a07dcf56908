import type { Profile } from '../../liveness/types.ts';
import type { OperatingPointsBody } from './schemas.ts';

/** Error rates by threshold, and the data they come from. */
export type OperatingTable = OperatingPointsBody['tables'][number];
type Table = OperatingTable;
type Point = Table['points'][number];
type Rate = Point['apcer'];

const data: Table['data'] = {
  description:
    'A private set that cannot be handed on: eight groups of sources, at most 240 pictures a class and source, people kept ' +
    'apart between splits. Attacks are prints, replays, cut-outs and a few masks.',
  pictures: 2780,
  sources: 8,
  held:
    'The score curve was fitted on this very set, so the shares have no untouched test set. Over 40 half splits the held-out ' +
    'APCER at the fitted threshold was higher, as its interval says. Measure on pictures of your own with "livestill evaluate".',
  document: 'docs/accuracy.md',
};

const unpublished = (rate: number): Rate => ({ rate, interval: null });

/** Mean ± 1.96 standard deviations of the 40 held-out half splits, not below 0. */
function heldOut(rate: number, mean: number, deviation: number): Rate {
  const round = (share: number) => Math.round(share * 10_000) / 10_000;
  return {
    rate,
    interval: {
      low: round(Math.max(0, mean - 1.96 * deviation)),
      high: round(mean + 1.96 * deviation),
      method: `held-out mean ${mean} ± 1.96 standard deviations (${deviation}) over 40 half splits`,
    },
  };
}

/** Without the quality gate: shares of the score's bins, added up above each threshold. */
const point = (threshold: number, apcer: number, bpcer: number): Point => ({
  threshold,
  apcer: unpublished(apcer),
  bpcer: unpublished(bpcer),
  qualityGate: false,
});

/** At the service's own threshold, 87, without and with the quality gate. */
const atDefault = (apcer: Rate, bpcer: number, qualityGate: boolean): Point => ({
  threshold: 87,
  apcer,
  bpcer: unpublished(bpcer),
  qualityGate,
});

/**
 * The published measurements (docs/accuracy.md, sections Data and Accuracy). The careful profile's table of score bins gives
 * the shares at 0, 49, 94 and 99 by adding up; those at 87 are published as such.
 */
export const measuredTables: readonly Table[] = [
  {
    profile: 'careful',
    points: [
      point(0, 0.366, 0.016),
      point(49, 0.134, 0.093),
      atDefault(heldOut(0.046, 0.06, 0.028), 0.183, false),
      atDefault(unpublished(0.048), 0.155, true),
      point(94, 0.02, 0.329),
      point(99, 0.006, 0.632),
    ],
    data,
  },
  {
    profile: 'fast',
    points: [
      atDefault(heldOut(0.053, 0.061, 0.031), 0.197, false),
      atDefault(unpublished(0.053), 0.169, true),
    ],
    data,
  },
];

/**
 * The answer of `GET /v1/operating-points` to an app with this threshold and profile: the operator's own measurement first,
 * where there is one, then the published ones.
 */
export function operatingPoints(
  threshold: number,
  profile: Profile,
  own: OperatingTable | null = null,
): OperatingPointsBody {
  return { threshold, profile, tables: own === null ? [...measuredTables] : [own, ...measuredTables] };
}
