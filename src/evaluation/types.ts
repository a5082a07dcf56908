import type { FilePath } from '../files/name.ts';

/** What a presentation truly was (ISO/IEC 30107-3): a live person, or an attack presentation. */
export type Label = 'bona-fide' | 'attack';

/** The species of an attack whose index names none. */
export const UNNAMED_SPECIES = 'unspecified';

/** What is known of a presentation besides its score. Null: the index does not say. */
export interface Described {
  /** Path of the picture, or what stands for it in a score file. Unique within a set. */
  readonly id: string;
  readonly label: Label;
  /** The PAI species (kind of attack instrument); null for bona fide presentations. */
  readonly species: string | null;
  /** Who is shown. */
  readonly subject: string | null;
  /** Recording session or video: pictures of one session resemble each other. */
  readonly session: string | null;
  /** Capture device. */
  readonly device: string | null;
  /** Group to compare error rates between. */
  readonly group: string | null;
  /** Fold, set or part the index itself assigns. */
  readonly fold: string | null;
}

/** One presentation with the answer of the system under test. */
export interface Presentation extends Described {
  /**
   * Higher means more bona fide; accepted when strictly above the threshold. Null when the system gave no
   * response.
   */
  readonly score: number | null;
  /** Probability of a bona fide presentation, 0-1, where the system gives one. */
  readonly probability: number | null;
  /** Why there is no score (`no_face`, `poor_quality`, …); null when there is one. */
  readonly nonResponse: string | null;
}

/** A presentation that got a response. */
export interface Scored extends Presentation {
  readonly score: number;
}

/** Whether the system responded, that is gave a score. */
export function isScored(row: Presentation): row is Scored {
  return row.score !== null;
}

/** What a picture of the index is, before it is judged. */
export interface IndexedPicture extends Described {
  /** Where the file lies. */
  readonly path: FilePath;
  /**
   * Found in a folder tree, and named by no index: that it cannot be read is then no mistake of the index.
   */
  readonly inTree?: true;
}
