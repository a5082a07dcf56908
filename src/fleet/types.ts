import type { Fault } from '../faults.ts';
import type { Judgement, ModelUsed, Profile } from '../liveness/types.ts';

/** How one picture is to be judged. */
export interface JudgeOptions {
  /** Score above which the picture counts as live, 0-100; the engine's own when left out. */
  readonly threshold?: number;
  /** The engine's own when left out. */
  readonly profile?: Profile;
  /** The app the picture is judged for: apps take turns at the workers. Pictures without one count as one app's. */
  readonly app?: string;
  /** Gives up a picture that still waits; one that is being judged is judged to its end. */
  readonly signal?: AbortSignal;
}

/** Judges pictures; the only thing the HTTP faces know of the engine. */
export interface Judge {
  /**
   * Judges one encoded picture. Its memory belongs to the judge until the answer: it must not be changed, nor used afterwards.
   * @throws Fault of the area `picture`, `busy` (with `retryAfter`), `worker_lost` (two workers failed on it), `engine_failed` (the engine
   * did); AbortError
   */
  judge(picture: Uint8Array, options?: JudgeOptions): Promise<Judgement>;
  /**
   * The refusal a picture of this app would get at this moment for lack of room, or null: asked before a body is read. Without
   * an app: the refusal that every app would get, whatever it has waiting.
   */
  refusal(app?: string): Fault | null;
  /** The networks in use, for records of pictures that were never judged. */
  readonly models: readonly ModelUsed[];
}
