import type { Fault } from '../errors.ts';
import type { Judgement, ModelUsed, Profile } from '../liveness/types.ts';

/** How one picture is to be judged. */
export interface JudgeOptions {
  /** Score above which the picture counts as live, 0-100; the engine's own when left out. */
  readonly threshold?: number;
  /** The engine's own when left out. */
  readonly profile?: Profile;
  /** Gives up a picture that still waits; one that is being judged is judged to its end. */
  readonly signal?: AbortSignal;
}

/** Judges pictures; the only thing the HTTP faces know of the engine. */
export interface Judge {
  /**
   * Judges one encoded picture. Takes the memory of `picture` over: its bytes cannot be used any more after the call.
   * @throws Fault -4016 (cannot be decoded), -5802 (overloaded, with `retryAfter`), 213 (the worker failed); AbortError
   */
  judge(picture: Uint8Array, options?: JudgeOptions): Promise<Judgement>;
  /** The refusal a picture would get at this moment for lack of room, or null: asked before a body is read. */
  refusal(): Fault | null;
  /** The networks in use, for records of pictures that were never judged. */
  readonly models: readonly ModelUsed[];
}
