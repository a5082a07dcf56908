import { errorCurve, indexOfLeastCost, ratesAt, usableThreshold } from './metrics/curve.ts';
import { isScored, type Presentation } from './types.ts';

/** One point of an expected performance curve. */
export interface EpcPoint {
  /** Weight of attacks accepted against bona fide rejected, 0-1. */
  readonly alpha: number;
  /** Chosen on the development rows; with folds the mean of theirs. */
  readonly threshold: number;
  /** (APCER + BPCER) / 2 of the test rows at that threshold. */
  readonly hter: number;
}

const STEPS = 20;

function split(
  development: readonly Presentation[],
  test: readonly Presentation[],
):
  | ((alpha: number) => { threshold: number; bonaFide: number; attacks: number; errors: [number, number] })
  | null {
  const chosen = errorCurve(development.filter(isScored));
  const applied = errorCurve(test.filter(isScored));
  if (chosen.bonaFide === 0 || chosen.attacks === 0) return null;
  return (alpha) => {
    const threshold = usableThreshold(chosen, indexOfLeastCost(chosen, alpha));
    const { apcer, bpcer } = ratesAt(applied, threshold);
    return {
      threshold,
      bonaFide: applied.bonaFide,
      attacks: applied.attacks,
      errors: [
        applied.attacks === 0 ? 0 : apcer * applied.attacks,
        applied.bonaFide === 0 ? 0 : bpcer * applied.bonaFide,
      ],
    };
  };
}

/**
 * Expected performance curve (S. Bengio, J. Mariethoz, 2004): for each weight the threshold with the least
 * `alpha * APCER + (1 - alpha) * BPCER` on development rows, and the HTER it gives on test rows. Several
 * parts (folds) are pooled by their counts. Empty when a part cannot be chosen on or no test row of a class
 * is left.
 */
export function expectedPerformance(
  parts: readonly { readonly development: readonly Presentation[]; readonly test: readonly Presentation[] }[],
): EpcPoint[] {
  const choosers = parts.map(({ development, test }) => split(development, test));
  const points: EpcPoint[] = [];
  for (let step = 0; step <= STEPS; step++) {
    const alpha = step / STEPS;
    let bonaFide = 0;
    let attacks = 0;
    let accepted = 0;
    let rejected = 0;
    let threshold = 0;
    for (const choose of choosers) {
      if (choose === null) return [];
      const part = choose(alpha);
      bonaFide += part.bonaFide;
      attacks += part.attacks;
      accepted += part.errors[0];
      rejected += part.errors[1];
      threshold += part.threshold / choosers.length;
    }
    if (bonaFide === 0 || attacks === 0) return [];
    points.push({ alpha, threshold, hter: (accepted / attacks + rejected / bonaFide) / 2 });
  }
  return points;
}
