import type { Calibration } from '../../liveness/card-schema.ts';
import type { NetworkCard } from '../../liveness/pack.ts';
import type { Profile } from '../../liveness/types.ts';
import type { OperatingPointsBody } from './schemas.ts';

/** Error rates by threshold, and the data they come from. */
export type OperatingTable = OperatingPointsBody['tables'][number];

/** The published measurements: those that the cards' calibrations were measured with. */
export function publishedTables(cards: readonly NetworkCard[]): readonly OperatingTable[] {
  const blocks = cards.flatMap((card) => (card.role === 'classifier' ? card.calibration : []));
  return blocks.flatMap(({ profile, measured }: Calibration) =>
    measured === undefined
      ? []
      : [
          {
            profile,
            points: measured.points.map((point) => ({ ...point, name: point.name ?? null })),
            data: measured.data,
          },
        ],
  );
}

/**
 * The answer of `GET /v1/operating-points` to an app with this threshold and profile.
 *
 * @param tables the operator's own measurement first, where there is one, then the published ones
 */
export function operatingPoints(
  threshold: number,
  profile: Profile,
  tables: readonly OperatingTable[],
): OperatingPointsBody {
  return { threshold, profile, tables: [...tables] };
}
