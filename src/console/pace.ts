import { Refusal } from './refusal.ts';

/** Callers that are remembered; the one that called the longest time ago is forgotten for a new one. */
const MOST_CALLERS = 1000;

/**
 * Lets each caller make so many calls a minute, and as many at once.
 * @param clock milliseconds that only go forward
 * @returns what is called for each call, with the caller's name; it throws `Refusal` `too_many_calls`
 */
export function createPace(perMinute: number, clock: () => number): (caller: string) => void {
  const buckets = new Map<string, { readonly tokens: number; readonly at: number }>();
  return (caller) => {
    const now = clock();
    const { tokens, at } = buckets.get(caller) ?? { tokens: perMinute, at: now };
    const left = Math.min(perMinute, tokens + (Math.max(0, now - at) * perMinute) / 60_000);
    buckets.delete(caller);
    buckets.set(caller, { tokens: Math.max(0, left - 1), at: now });
    for (const [first] of buckets.size > MOST_CALLERS ? buckets : []) {
      buckets.delete(first);
      break;
    }
    if (left >= 1) return;
    const seconds = Math.max(1, Math.ceil(((1 - left) * 60) / perMinute));
    throw new Refusal('too_many_calls', `At most ${perMinute} of these calls a minute.`, seconds);
  };
}
