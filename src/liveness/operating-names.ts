/** The names that operating points carry, from the one that accepts most to the one that accepts least. */
export const OPERATING_NAMES = ['lenient', 'balanced', 'strict'] as const;

/**
 * The name of an operating point: what a threshold was measured to do. It says nothing of how pictures are to
 * be taken.
 */
export type OperatingName = (typeof OPERATING_NAMES)[number];

/** Largest APCER of a point of each name, shares of 1. */
export const LARGEST_APCER: Readonly<Record<OperatingName, number>> = {
  lenient: 0.15,
  balanced: 0.05,
  strict: 0.02,
};

/** What of a measured point decides its name. */
export interface NameablePoint {
  /** Scores above it are taken for live. */
  readonly threshold: number;
  /**
   * Share of attack presentations taken for live: of the worst species where species are known. Null: not
   * measured.
   */
  readonly apcer: number | null;
}

/**
 * The name of each point, null where it has none. A point belongs to the strictest name whose limit its APCER
 * keeps; of the points of one name, those of the lowest threshold carry it. A limit counts only where at
 * least 3 / limit attacks were presented (of the species with the fewest): with fewer, an APCER above it
 * could not be excluded even if none had been accepted ("rule of three").
 *
 * @param attacks attack presentations that were measured
 */
export function nameOperatingPoints(
  points: readonly NameablePoint[],
  attacks: number,
): readonly (OperatingName | null)[] {
  const strictestFirst = OPERATING_NAMES.filter((name) => attacks * LARGEST_APCER[name] >= 3).reverse();
  const belongsTo = points.map(
    ({ apcer }) => strictestFirst.find((name) => apcer !== null && apcer <= LARGEST_APCER[name]) ?? null,
  );
  return points.map(({ threshold }, i) => {
    const name = belongsTo[i];
    const isLowest = points.every((other, k) => belongsTo[k] !== name || other.threshold >= threshold);
    return isLowest ? name : null;
  });
}
