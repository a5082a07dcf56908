import type { CropKind, TensorForm } from './crop.ts';
import type { Profile } from './types.ts';

/** What is known of a classifier: what it sees, how, and what its numbers mean. */
export interface ClassifierCard {
  readonly name: string;
  readonly input: TensorForm & { readonly name: string };
  readonly crops: readonly CropKind[];
  /** Factors on the face box for which every crop is run, by profile. */
  readonly boxScales: Readonly<Record<Profile, readonly number[]>>;
  readonly output: {
    readonly name: string;
    /** Class names in the order of the output's numbers. */
    readonly classes: readonly string[];
    readonly liveIndex: number;
    readonly values: 'logits' | 'probabilities';
  };
  /** Weight of this model's mean logit in the fusion; the built-in model has 1. */
  readonly weight: number;
}

/**
 * The built-in classifier MiniFASNetV2-SE 128: planes B, G, R with values 0..255 as they are; class 0 is live. Crops and
 * box scales as measured: nine runs for `careful`, three for `fast`.
 */
export const builtInClassifier: ClassifierCard = {
  name: 'minifasnet-v2-se-128',
  input: {
    name: 'input',
    width: 128,
    height: 128,
    layout: 'NCHW',
    colourOrder: 'BGR',
    mean: [0, 0, 0],
    scale: [1, 1, 1],
  },
  crops: [
    { kind: 'square', factor: 1 },
    { kind: 'square', factor: 2 },
    { kind: 'silent', factor: 2.7 },
  ],
  boxScales: { careful: [1, 0.9, 1.1], fast: [1] },
  output: { name: 'output', classes: ['live', 'attack_1', 'attack_2'], liveIndex: 0, values: 'logits' },
  weight: 1,
};
