import type { Judgement, ModelUsed, Profile } from '../liveness/types.ts';

/*
 * What goes between the main thread and a worker. Errors go as plain members: copying between threads keeps only name, message
 * and stack of an error, and a `Fault` would lose its code.
 */

/** A picture to judge: a copy of its own, whose buffer is handed over. */
export interface JudgeTask {
  readonly picture: Uint8Array;
  readonly threshold: number | undefined;
  readonly profile: Profile | undefined;
}

export type JudgeAnswer =
  | { readonly kind: 'judged'; readonly judgement: Judgement }
  | { readonly kind: 'fault'; readonly code: number; readonly reason: string; readonly message: string }
  | WorkerFailure;

/** Makes a worker load its networks, run them once, and wait until all its fellows have done so too. */
export interface WarmTask {
  /** One 32-bit number that all workers count up when warm. */
  readonly barrier: SharedArrayBuffer;
  readonly workers: number;
}

export type WarmAnswer =
  | { readonly kind: 'warm'; readonly models: readonly ModelUsed[]; readonly milliseconds: number }
  | WorkerFailure;

/** Something that should not happen, with all that the log may know of it. */
export interface WorkerFailure {
  readonly kind: 'failure';
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
}
