import type { Fault } from '../faults.ts';
import type { CapturePreset, Judgement, ModelUsed, Profile, ReviewLimits } from '../liveness/types.ts';

/** How one picture is to be judged. */
export interface JudgeOptions {
  /** Score above which the picture counts as live, 0-100; the engine's own when left out. */
  readonly threshold?: number;
  /** The engine's own when left out. */
  readonly profile?: Profile;
  /** What the picture must offer; the engine's own when left out. */
  readonly capture?: CapturePreset;
  /** Limits of review; the engine's own when left out. */
  readonly review?: ReviewLimits;
  /** The picture is one of several that are judged together. */
  readonly still?: boolean;
  /**
   * The app the picture is judged for: apps take turns at the workers. Pictures without one count as one
   * app's.
   */
  readonly app?: string;
  /** Called when a worker takes the picture: until then it waited. Again with each further try. */
  readonly onTaken?: () => void;
  /** Gives up a picture that still waits; one that is being judged is judged to its end. */
  readonly signal?: AbortSignal;
}

/** Judges pictures; the only thing the HTTP APIs know of the engine. */
export interface Judge {
  /**
   * Judges one encoded picture. Its memory belongs to the judge until the answer: it must not be changed, nor
   * used afterwards.
   * @throws {Fault} `picture_unreadable`; `busy` with `retryAfter`; `judging_failed` when two workers failed
   * on it, or the engine did
   * @throws {DOMException} AbortError when `signal` aborts
   */
  judge(picture: Uint8Array, options?: JudgeOptions): Promise<Judgement>;
  /**
   * The refusal a picture of this app would get at this moment because the queue is full, or null: asked
   * before a body is read. Without an app: the refusal that every app would get, whatever it has waiting.
   */
  refusal(app?: string): Fault | null;
  /** The networks in use, for records of pictures that were never judged. */
  readonly models: readonly ModelUsed[];
}
