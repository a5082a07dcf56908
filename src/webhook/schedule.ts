import type { WebhookEnd } from './types.ts';

/** Tries of one call: the last of them most of a day after the first. */
export const MOST_TRIES = 12;
const FIRST_PAUSE_MS = 5000;
const LONGEST_PAUSE_MS = 4 * 3_600_000;

/** What becomes of a call after its `tries`th try failed: pauses grow threefold from 5 seconds to 4 hours. */
export function afterFailure(tries: number, now: number, why: string): WebhookEnd {
  if (tries >= MOST_TRIES) return { kind: 'given_up', why };
  const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 3 ** (tries - 1));
  return { kind: 'retry', at: now + pause, why };
}
