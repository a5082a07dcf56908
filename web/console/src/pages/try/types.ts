import type { Trial } from '../../types.ts';

/** The answer to several stills. */
export interface Together
  extends Pick<
    Trial,
    | 'requestId'
    | 'profile'
    | 'verdict'
    | 'score'
    | 'review'
    | 'rawScore'
    | 'threshold'
    | 'liveProbability'
    | 'reasons'
    | 'reasonTexts'
  > {
  /** The stills that count, by their places from 0 on. */
  readonly used: readonly number[];
  readonly stills: readonly Trial[];
  readonly consistency: {
    readonly samePosition: boolean | null;
    readonly sameSize: boolean | null;
    readonly identical: readonly (readonly number[])[];
    readonly bySharpness: readonly number[];
    readonly planarMotion: { readonly motion: number; readonly explained: number | null } | null;
  };
}

/** Stills that are judged together. */
export const MOST_STILLS = 5;
