import type { OnLeftOut } from '../picture/decode/candidate.ts';

/** A picture to judge. */
export interface BatchItem {
  /** The same for the same picture of the same input in every run, and different for every other. */
  readonly key: string;
  /** The path, url or archive entry, as people know it. */
  readonly picture: string;
  /** Its neighbours with the same one are judged together with it; absent: it stands alone. */
  readonly group?: string;
  /**
   * The picture's bytes, in memory of their own.
   * @throws {Fault} `download_refused` (cannot be read or fetched), `picture_unreadable` `too_large`
   * @throws {DOMException} AbortError when `signal` was aborted
   */
  read(signal: AbortSignal): Promise<Uint8Array>;
}

/** Where a batch's pictures come from. */
export interface BatchSource {
  readonly kind: 'folder' | 'zip' | 'tar' | 'list' | 'bucket';
  /** An item can only be read before the next one is asked for (a tar is a stream). */
  readonly sequential: boolean;
  /**
   * All pictures, one after the other, never all in memory; may be walked again. `onLeftOut` is called with
   * what else is there.
   * @throws {UsageError} when the input is broken
   */
  items(onLeftOut?: OnLeftOut): AsyncIterable<BatchItem>;
  /**
   * How many pictures `items` gives; remembers none of them.
   * @throws {UsageError} when the input is broken
   * @throws {DOMException} AbortError when `signal` was aborted
   */
  count(signal: AbortSignal): Promise<number>;
  /** Lets go of open files and of temporary ones. */
  close(): Promise<void>;
}

/** What the row of a group has besides the verdict. */
export interface TogetherPart {
  /** Keys of the stills' own rows, in order; none where there are too few or too many. */
  readonly stills: readonly string[];
  /** SHA-256 of the stills, in order; null where one could not be read. */
  readonly hashes: readonly (string | null)[];
  /** Places of the stills that took part in the verdict, counted from 0. */
  readonly used: readonly number[];
  /** See `Consistency`. */
  readonly samePosition: boolean | null;
  readonly sameSize: boolean | null;
  readonly identical: readonly (readonly [number, number])[];
  readonly bySharpness: readonly number[];
}

/** What is written of one picture, or of one group of them; the same in every run, so times are left out. */
export interface BatchRow {
  readonly key: string;
  /** Empty in the row of a group. */
  readonly picture: string;
  /** Absent where the list names no group for it. */
  readonly group?: string;
  /** Only in the row of a group: what it was made of. */
  readonly together?: TogetherPart;
  /**
   * SHA-256 of the picture's bytes, hexadecimal; null where they could not be read. Of a group: the hash of
   * its pictures' hashes, one a line.
   */
  readonly sha256: string | null;
  /**
   * Key of the row, further up in the same output, whose result this one has because its bytes are the same;
   * null: judged for itself.
   */
  readonly sameAs: string | null;
  /** 0 judged, -4015 no face, -4016 no usable picture, -5805 cannot be read, 213 the engine failed. */
  readonly code: number;
  /** Why there is no judgement, a constant; null where there is one. */
  readonly failure: string | null;
  readonly message: string;
  readonly verdict: string | null;
  /** 0-100; null where the picture was not judged (`poor_quality`, `no_face`, a failure). */
  readonly score: number | null;
  /** The networks do not back the verdict; null without a judgement, and in results of older versions. */
  readonly review: boolean | null;
  /** What the networks gave, of a picture too poor to judge as well; null without a face. */
  readonly rawScore: number | null;
  readonly liveProbability: number | null;
  readonly threshold: number;
  readonly profile: string;
  readonly faceCount: number | null;
  readonly width: number | null;
  readonly height: number | null;
  /** Left, top, right, bottom in pixels. */
  readonly box: readonly [number, number, number, number] | null;
  readonly reasons: readonly string[];
  /** Value by component, see docs/understand/quality.md. */
  readonly quality: Readonly<Record<string, number>>;
}
