import { isScored, type Presentation } from './types.ts';

/** Limits of the probability between which judgements are for review, proposed from presentations. */
export interface ReviewProposal {
  /** Null: too few presentations for the share that the limit stands for, or limits that are not in order. */
  readonly low: number | null;
  readonly high: number | null;
  /** Presentations with a probability. */
  readonly bonaFide: number;
  readonly attacks: number;
  /** Of both, how many lie below `low`, between the limits, above `high`; null where a limit is. */
  readonly counts: {
    readonly bonaFide: readonly [below: number, between: number, above: number];
    readonly attacks: readonly [below: number, between: number, above: number];
  } | null;
}

/** At most this share of live people is called an attack without review. */
export const BONA_FIDE_BELOW = 0.02;
/** At most this share of attacks is called live without review. */
export const ATTACKS_ABOVE = 0.05;

const probabilitiesOf = (rows: readonly Presentation[], label: Presentation['label']) =>
  rows
    .filter((row) => row.label === label && isScored(row) && row.probability !== null)
    .map((row) => row.probability!);

const hundredths = Array.from({ length: 101 }, (_, i) => i / 100);

/**
 * Proposes limits in steps of 0.01: `low` is the highest below which at most 2 % of the bona fide
 * presentations lie, `high` the lowest above which at most 5 % of the attacks do. Each is given only from at
 * least 3 / share presentations ("rule of three"). Null without probabilities.
 */
export function proposeReviewLimits(rows: readonly Presentation[]): ReviewProposal | null {
  const live = probabilitiesOf(rows, 'bona-fide');
  const attacks = probabilitiesOf(rows, 'attack');
  if (live.length + attacks.length === 0) return null;
  const isEnough = (of: readonly number[], share: number) => of.length * share >= 3;
  const below = (limit: number) => live.filter((p) => p < limit).length;
  const above = (limit: number) => attacks.filter((p) => p > limit).length;
  const lowest = isEnough(live, BONA_FIDE_BELOW)
    ? (hundredths.findLast((c) => below(c) <= BONA_FIDE_BELOW * live.length) ?? null)
    : null;
  const highest = isEnough(attacks, ATTACKS_ABOVE)
    ? (hundredths.find((c) => above(c) <= ATTACKS_ABOVE * attacks.length) ?? null)
    : null;
  const isInOrder = lowest === null || highest === null || lowest < highest;
  const [low, high] = isInOrder ? [lowest, highest] : [null, null];
  const sides = (of: readonly number[], from: number, to: number) => {
    const [under, over] = [of.filter((p) => p < from).length, of.filter((p) => p > to).length];
    return [under, of.length - under - over, over] as const;
  };
  return {
    low,
    high,
    bonaFide: live.length,
    attacks: attacks.length,
    counts:
      low === null || high === null
        ? null
        : { bonaFide: sides(live, low, high), attacks: sides(attacks, low, high) },
  };
}

const three = ([below, between, above]: readonly [number, number, number], n: number) =>
  `${below} below, ${between} between, ${above} above (of ${n})`;

/** The proposal in lines for people; none without probabilities. */
export function reviewLines(proposal: ReviewProposal | null): readonly string[] {
  if (proposal === null) return [];
  const { low, high, bonaFide, attacks, counts } = proposal;
  if (counts === null) {
    const known = [low === null ? '' : `low ${low}`, high === null ? '' : `high ${high}`].filter(Boolean);
    const why = `needs ${3 / BONA_FIDE_BELOW} bona fide and ${3 / ATTACKS_ABOVE} attack presentations with a response, and scores that overlap; there are ${bonaFide} and ${attacks}`;
    return [`Review limits: ${known.join(', ') || 'none can be proposed'}; both together ${why}`];
  }
  return [
    `Review limits: low ${low}, high ${high} (at most 2 % of bona fide below, at most 5 % of attacks above)`,
    `  bona fide: ${three(counts.bonaFide, bonaFide)}`,
    `  attacks: ${three(counts.attacks, attacks)}`,
  ];
}
