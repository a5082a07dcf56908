import type { Lacking, LivenessOptions } from '../engine.ts';
import type { PlainFault } from '../faults.ts';
import type { CapturePreset, Judgement, ModelUsed, Profile, ReviewLimits } from '../liveness/types.ts';

/*
 * What goes between the service and a worker process. Errors go as plain members: copying keeps only name,
 * message and stack of an error, and a `Fault` would lose its code.
 */

/** The first message to a worker: make your engine and run it once. */
export interface StartTask {
  readonly kind: 'start';
  readonly engine: LivenessOptions;
}

/**
 * A picture to judge: its bytes come on the worker's standard input, so that nobody copies them on the way.
 */
export interface JudgeMessage {
  readonly kind: 'judge';
  /** Length of the picture in bytes. */
  readonly bytes: number;
  readonly threshold: number | undefined;
  readonly profile: Profile | undefined;
  readonly capture?: CapturePreset | undefined;
  readonly review?: ReviewLimits | undefined;
  readonly still?: boolean | undefined;
}

/** What a worker receives over its message channel. */
export type Message = StartTask | JudgeMessage;

/** A picture to judge, as the two ends of the channel see it. */
export interface JudgeTask {
  readonly picture: Uint8Array;
  readonly threshold: number | undefined;
  readonly profile: Profile | undefined;
  readonly capture?: CapturePreset | undefined;
  readonly review?: ReviewLimits | undefined;
  readonly still?: boolean | undefined;
}

/** The engine is loaded and has run; `milliseconds` is what its first picture, a blank one, took. */
export interface WarmAnswer {
  readonly kind: 'warm';
  readonly models: readonly ModelUsed[];
  /** The engine's own profile, and what it cannot judge with. */
  readonly profile: Profile;
  readonly lacking: Lacking | null;
  readonly milliseconds: number;
}

export type StartAnswer = WarmAnswer | WorkerFailure;

export type JudgeAnswer =
  | { readonly kind: 'judged'; readonly judgement: Judgement }
  | { readonly kind: 'fault'; readonly fault: PlainFault }
  | WorkerFailure;

/** Something that should not happen, with all that the log may know of it. */
export interface WorkerFailure {
  readonly kind: 'failure';
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
}
