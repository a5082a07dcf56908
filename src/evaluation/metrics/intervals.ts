import { betaQuantile } from './special.ts';

/** Two ends of an interval, shares of 1. */
export type Interval = readonly [low: number, high: number];

/**
 * Exact interval of a rate (C. J. Clopper, E. S. Pearson, Biometrika 26, 1934). With no errors the lower end
 * is 0 and the upper one is what n independent error-free trials allow.
 *
 * @param confidence share of 1, such as 0.95; half of the rest lies on either side.
 */
export function clopperPearson(errors: number, n: number, confidence = 0.95): Interval | null {
  if (n === 0) return null;
  const tail = (1 - confidence) / 2;
  return [
    errors === 0 ? 0 : betaQuantile(tail, errors, n - errors + 1),
    errors === n ? 1 : betaQuantile(1 - tail, errors + 1, n - errors),
  ];
}

/** The `p` quantile of ascending numbers, linear between neighbours (type 7 of Hyndman and Fan). */
export function quantile(sorted: ArrayLike<number>, p: number): number {
  if (sorted.length === 0) return Number.NaN;
  const at = p * (sorted.length - 1);
  const i = Math.floor(at);
  const next = sorted[Math.min(i + 1, sorted.length - 1)];
  return sorted[i] + (at - i) * (next - sorted[i]);
}
