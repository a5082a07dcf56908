import { cropName, cropRect, cropTensor } from './crop.ts';
import { loadNetwork, type Network } from './network.ts';
import type { ClassifierCard } from './pack.ts';
import { giveBack } from './scratch.ts';
import type { Box, CropEvidence, Profile, RgbPicture } from './types.ts';

/** A classifier, loaded. */
export interface Classifier {
  readonly card: ClassifierCard;
  readonly network: Network;
}

const LOGIT_LIMIT = 12;

/**
 * Loads a classifier and checks the file's input and output against the card.
 * @throws {ModelError} when the file is not what the card says
 */
export async function loadClassifier(card: ClassifierCard, file: string): Promise<Classifier> {
  const { input, output } = card;
  const dims =
    input.layout === 'NCHW' ? [null, 3, input.height, input.width] : [null, input.height, input.width, 3];
  const network = await loadNetwork(file, {
    input: { name: input.name, dims },
    outputs: [{ name: output.name, dims: [null, output.classes.length] }],
  });
  return { card, network };
}

/** Class probabilities of one run: softmax of logits, or the values themselves normalised to sum 1. */
export function classProbabilities(card: ClassifierCard, values: readonly number[]): number[] {
  const positive =
    card.output.values === 'logits'
      ? values.map((v) => Math.exp(v - Math.max(...values)))
      : values.map((v) => Math.max(0, v));
  const sum = positive.reduce((a, b) => a + b, 0);
  return positive.map((p) => (sum > 0 ? p / sum : 1 / values.length));
}

/**
 * Logit of "live" against all other classes together, clamped to [-12, 12]: `o_live - ln(sum exp(o_other))`,
 * or `ln(p / (1 - p))` for a model that gives probabilities. NaN (a broken model) counts as -12: never live
 * by accident.
 */
export function liveLogit(card: ClassifierCard, values: readonly number[]): number {
  const { liveIndex } = card.output;
  const others = values.filter((_, i) => i !== liveIndex);
  let z: number;
  if (card.output.values === 'logits') {
    const top = Math.max(...others);
    z = values[liveIndex] - top - Math.log(others.reduce((sum, o) => sum + Math.exp(o - top), 0));
  } else {
    z = Math.log(values[liveIndex] / others.reduce((sum, o) => sum + o, 0));
  }
  return Number.isNaN(z) ? -LOGIT_LIMIT : Math.min(LOGIT_LIMIT, Math.max(-LOGIT_LIMIT, z));
}

/**
 * Runs a classifier on all crops that it takes of a face in the profile.
 *
 * @param box the calibrated face box in pixels of the upright `picture`.
 * @param spent told the milliseconds of each crop and each run.
 */
export async function classifyFace(
  classifier: Classifier,
  picture: RgbPicture,
  box: Box,
  profile: Profile,
  spent: (step: 'crop' | 'classify', milliseconds: number) => void,
): Promise<CropEvidence[]> {
  const { card, network } = classifier;
  const { crops, boxScales } = card.profiles[profile] ?? { crops: [], boxScales: [] };
  const evidence: CropEvidence[] = [];
  // Of a large face, crops that may not leave the picture can be the same at several scales.
  const known = new Map<string, readonly number[]>();
  for (const boxScale of boxScales) {
    for (const crop of crops) {
      const start = performance.now();
      const rect = cropRect(crop, box, boxScale, picture.width, picture.height);
      const same = [crop.kind, rect.x, rect.y, rect.w, rect.h].join();
      let values = known.get(same);
      if (values === undefined) {
        const tensor = cropTensor(picture, crop, rect, card.input);
        const ready = performance.now();
        values = Array.from((await network.run(tensor)).get(card.output.name)!);
        giveBack(tensor);
        spent('crop', ready - start);
        spent('classify', performance.now() - ready);
        known.set(same, values);
      }
      const logit = liveLogit(card, values);
      evidence.push({ model: card.name, crop: cropName(crop), boxScale, rect, outputs: values, logit });
    }
  }
  return evidence;
}
