import { createRandom } from './random.ts';
import { binomialCdf } from './special.ts';

/**
 * Exact McNemar test, two-sided: the chance of a split at least as uneven as `onlyA` to `onlyB` if both
 * systems err alike (Q. McNemar, 1947; sign test on the pairs where exactly one errs). 1 when they never
 * differ.
 */
export function mcnemar(onlyA: number, onlyB: number): number {
  const n = onlyA + onlyB;
  return n === 0 ? 1 : Math.min(1, 2 * binomialCdf(Math.min(onlyA, onlyB), n, 0.5));
}

/**
 * Two-sided permutation test on paired differences by unit: the signs of whole units (subjects) are flipped
 * at random.
 *
 * @param differences by unit, errors of A less errors of B.
 * @returns the share of flips (the observed one counted in) whose sum is at least as far from 0.
 */
export function signFlipTest(differences: readonly number[], flips: number, seed: number): number {
  const moving = differences.filter((d) => d !== 0);
  const observed = Math.abs(moving.reduce((sum, d) => sum + d, 0));
  if (moving.length === 0) return 1;
  const random = createRandom(seed);
  let asFar = 1;
  for (let f = 0; f < flips; f++) {
    let sum = 0;
    for (const d of moving) sum += random.next() < 0.5 ? d : -d;
    if (Math.abs(sum) >= observed - 1e-9) asFar++;
  }
  return asFar / (flips + 1);
}
