import type { Calibration } from './card-schema.ts';
import type { CropKind, TensorForm } from './crop.ts';
import type { Profile } from './types.ts';

/** What a network's card says of where it comes from; null where it says nothing. */
export interface Provenance {
  readonly licence: string | null;
  /** Name of the file in `models/licences/` that holds the licence's text. */
  readonly licenceFile: string | null;
  readonly attribution: string | null;
  readonly origin: string | null;
  readonly unknowns: string | null;
  /** SHA-256 of the card's file, hex; missing where the card came from elsewhere. */
  readonly cardSha256?: string;
}

/** How a classifier takes part in a profile. */
export interface Membership {
  readonly crops: readonly CropKind[];
  /** Factors on the face box for which every crop is run. */
  readonly boxScales: readonly number[];
  /**
   * Weight of this classifier's mean logit in the fusion; those of the built-in ones add up to 1 in every
   * profile.
   */
  readonly weight: number;
}

/**
 * What is known of a classifier: what it sees, how, what its numbers mean, and which profiles it takes part
 * in.
 */
export interface ClassifierCard extends Provenance {
  readonly role: 'classifier';
  readonly name: string;
  /** Name of the ONNX file. */
  readonly model: string;
  readonly input: TensorForm & { readonly name: string };
  /** Every crop that it takes, in any profile. */
  readonly crops: readonly CropKind[];
  readonly profiles: Readonly<Partial<Record<Profile, Membership>>>;
  readonly output: {
    readonly name: string;
    /** Class names in the order of the output's numbers. */
    readonly classes: readonly string[];
    readonly liveIndex: number;
    readonly values: 'logits' | 'probabilities';
  };
  /** Fitted for certain networks together; see `plans.ts` for which is used. */
  readonly calibration: readonly Calibration[];
}

/** What is known of a built-in detector. */
export interface DetectorCard extends Provenance {
  readonly role: 'detector';
  readonly name: string;
  readonly model: string;
}

/** The card of any network. */
export type NetworkCard = ClassifierCard | DetectorCard;
