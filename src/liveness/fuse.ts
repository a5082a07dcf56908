import type { ClassifierCard } from './pack.ts';
import type { CropEvidence } from './types.ts';

/**
 * The fused logit Z: the mean logit of each model's runs, averaged over models by their card's weight. With the built-in
 * model alone this is the arithmetic mean of its nine or three logits.
 */
export function fuseLogits(cards: readonly ClassifierCard[], evidence: readonly CropEvidence[]): number {
  let sum = 0;
  let weights = 0;
  for (const card of cards) {
    const logits = evidence.filter((e) => e.model === card.name).map((e) => e.logit);
    if (logits.length === 0) continue;
    sum += card.weight * (logits.reduce((a, b) => a + b, 0) / logits.length);
    weights += card.weight;
  }
  if (weights === 0) throw new RangeError('no evidence to fuse');
  return sum / weights;
}
