import type { SessionOutcome, StillTaken } from './types.ts';

/**
 * What the stills of one try come to: an attack where one still is one; else live where one is, for review
 * where the networks do not back one of them or the app wants signals looked at; unfit where none was judged.
 * Several pictures of one try are never averaged into a better one.
 */
export function outcomeOf(
  stills: readonly Pick<StillTaken, 'verdict' | 'review' | 'signals'>[],
  captureSignals: 'information' | 'review',
): SessionOutcome {
  const verdicts = stills.map(({ verdict }) => verdict);
  if (verdicts.includes('attack')) return 'attack';
  if (!verdicts.includes('live')) return 'unfit';
  const isDoubted = stills.some(({ review }) => review);
  const isSignalled = captureSignals === 'review' && stills.some(({ signals }) => signals.length > 0);
  return isDoubted || isSignalled ? 'review' : 'live';
}
