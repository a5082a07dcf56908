import type { CropEvidence } from './types.ts';

/** A classifier in a fusion: its name and the weight of its mean logit. */
export interface Weighed {
  readonly name: string;
  readonly weight: number;
}

/**
 * The fused logit Z: the mean logit of each classifier's runs, averaged over the classifiers by their weights
 * in the profile.
 */
export function fuseLogits(members: readonly Weighed[], evidence: readonly CropEvidence[]): number {
  let sum = 0;
  let weights = 0;
  for (const { name, weight } of members) {
    const logits = evidence.filter((e) => e.model === name).map((e) => e.logit);
    if (logits.length === 0) continue;
    sum += weight * (logits.reduce((a, b) => a + b, 0) / logits.length);
    weights += weight;
  }
  if (weights === 0) throw new RangeError('no evidence to fuse');
  return sum / weights;
}
