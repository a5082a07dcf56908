import type { Verdict } from './types.ts';

/**
 * The score under a verdict: null where the picture was not judged. The raw score of a poor picture would be
 * read as one, and a blurred attack often has a high one.
 */
export function reportedScore(verdict: Verdict | null, rawScore: number | null): number | null {
  return verdict === 'live' || verdict === 'attack' ? rawScore : null;
}
