import { readFileSync } from 'node:fs';
import type { Calibration } from '../card-schema.ts';
import type { ClassifierCard } from '../pack.ts';
import { parseCard } from '../pack-card.ts';
import type { Profile } from '../types.ts';

/** The card of a built-in classifier. */
export function builtInCard(name: string): ClassifierCard {
  const file = new URL(`../../../models/${name}/card.json`, import.meta.url);
  return parseCard(name, JSON.parse(readFileSync(file, 'utf8')));
}

/** The first classifier, which takes part in every profile. */
export const firstClassifier = builtInCard('minifasnet-v2-se-128');

/** The pair of 80 x 80 pixels. */
export const pair: readonly ClassifierCard[] = ['minifasnet-v2-80', 'minifasnet-v1-se-80'].map(builtInCard);

/** What a profile's fused logit means with the built-in networks. */
export function calibrationOf(profile: Profile): Calibration {
  const block = firstClassifier.calibration.find((one) => one.profile === profile);
  if (block === undefined) throw new Error(`no calibration of ${profile}`);
  return block;
}
