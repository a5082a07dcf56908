/** Bins of the scores 0-100: ten points each, the last with 100. */
export const SCORE_BINS = 10;

/** How many scores of an app fell into each bin on a UTC day, or a part of them. */
export interface ScoreCounts {
  readonly appid: string;
  /** `2026-11-23`, UTC. */
  readonly day: string;
  readonly bins: readonly number[];
}

/** The scores of an app of late, and before. */
export interface ScoreWindows {
  readonly appid: string;
  readonly current: readonly number[];
  readonly reference: readonly number[];
}

/** Which days are compared, each end included, and which apps. */
export interface ScoreAsked {
  readonly current: readonly [from: string, to: string];
  readonly reference: readonly [from: string, to: string];
  /** Apps with fewer scores in `current` are left out. */
  readonly leastCurrent: number;
  /** As many apps at most: those with the most scores. */
  readonly most: number;
}

/** Where the counts are kept, of all nodes together. */
export interface ScoreStore {
  /** Adds to what is there. */
  addScores(counts: readonly ScoreCounts[]): Promise<void>;
  scoreWindows(asked: ScoreAsked): Promise<readonly ScoreWindows[]>;
}

/** How far the scores of an app are from its own past. */
export interface ScoreDrift {
  readonly appid: string;
  readonly psi: number;
}

/** The bin of a score. */
export function binOf(score: number): number {
  return Math.min(SCORE_BINS - 1, Math.max(0, Math.floor(score / (100 / SCORE_BINS))));
}

/**
 * The population stability index of two histograms: the sum over the bins of (a - e) ln(a / e), with a and e
 * the shares of the bin in each. N. Siddiqi, Credit Risk Scorecards (Wiley, 2006), "system
 * stability report"; there below 0.1 counts as no significant change, up to 0.25 as one to be looked at,
 * above as a significant one. It is the symmetrised divergence of H. Jeffreys (Proc. R. Soc. A 186, 1946) and
 * S. Kullback and R. A. Leibler (Ann. Math. Stat. 22, 1951). Half a score is added to each bin, so that an
 * empty one has a logarithm. With N and M scores of an unchanged distribution it is about (bins - 1)(1 / N +
 * 1 / M), by its chi-square approximation.
 * @returns 0 where the shares are the same, else more
 */
export function populationStability(one: readonly number[], other: readonly number[]): number {
  const [a, e] = [sharesOf(one), sharesOf(other)];
  return a.reduce((sum, share, bin) => {
    const before = e[bin] as number;
    return sum + (share - before) * Math.log(share / before);
  }, 0);
}

function sharesOf(counts: readonly number[]): readonly number[] {
  const total = sumOf(counts) + counts.length / 2;
  return counts.map((count) => (count + 0.5) / total);
}

/** All of the counts together. */
export const sumOf = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);

/** The days of the past, before yesterday. */
const REFERENCE_DAYS = 28;
/**
 * Scores that are needed of late and in the past: with as many the index of an unchanged distribution is
 * about 0.04, well below what counts as a change.
 */
const LEAST_CURRENT = 300;
const LEAST_REFERENCE = 1000;
/** Apps that are looked at: each is a series. */
const MOST_APPS = 100;
const DAY = 86_400_000;

/** What is compared at this moment: yesterday and today so far with the 28 days before them. */
export function windowsAt(now: number): ScoreAsked {
  const day = (back: number) => new Date(now - back * DAY).toISOString().slice(0, 10);
  return {
    current: [day(1), day(0)],
    reference: [day(1 + REFERENCE_DAYS), day(2)],
    leastCurrent: LEAST_CURRENT,
    most: MOST_APPS,
  };
}

/** The drift of those that have enough scores on both sides. */
export function driftOf(windows: readonly ScoreWindows[]): readonly ScoreDrift[] {
  return windows
    .filter(
      ({ current, reference }) => sumOf(current) >= LEAST_CURRENT && sumOf(reference) >= LEAST_REFERENCE,
    )
    .map(({ appid, current, reference }) => ({ appid, psi: populationStability(current, reference) }));
}
