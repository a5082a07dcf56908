import type { ClassifierCard } from '../liveness/pack.ts';
import type { CropEvidence, Judgement } from '../liveness/types.ts';

/** Cards of the built-in classifiers by name. */
export type Cards = ReadonlyMap<string, ClassifierCard>;

/**
 * The runs whose rectangles and thumbnails are shown: of the built-in networks one for each crop, at box
 * scale 1.
 */
export function shownRuns(judgement: Judgement, cards: Cards): CropEvidence[] {
  const first = new Map<string, CropEvidence>();
  for (const run of judgement.crops) {
    if (cards.has(run.model) && run.boxScale === 1 && !first.has(run.crop)) first.set(run.crop, run);
  }
  return [...first.values()];
}
