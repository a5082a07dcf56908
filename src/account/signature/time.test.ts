import { describe, expect, it } from 'vitest';
import { Fault } from '../../faults.ts';
import { checkTime, inWords } from './time.ts';

const settings = { skewSeconds: 300, windowSeconds: 900, maxDays: 90 };
const now = 1_795_000_000;
const day = 86_400;

function answer(expires: number, issued: number): string {
  try {
    checkTime({ expires, issued, singleUse: expires === 0 }, now * 1000, settings);
    return 'accepted';
  } catch (error) {
    if (error instanceof Fault) return `${error.kind} ${error.reason}`;
    throw error;
  }
}

describe('times of a multi-use signature', () => {
  it.each([
    ['ends in a moment', now + 0.001, now - 10, 'accepted'],
    ['ended this very moment', now, now - 10, 'signature_expired expired'],
    ['ended long ago', now - 30 * day, now - 31 * day, 'signature_expired expired'],
    ['made at the edge of the skew', now + 3600, now + 300, 'accepted'],
    ['made beyond the skew', now + 3600, now + 300.01, 'signature_invalid clock_ahead'],
    ['valid for 90 days exactly', now + 90 * day, now, 'accepted'],
    ['valid for a second more', now + 90 * day + 1, now, 'signature_expired over_maximum'],
    ['made long ago, still valid', now + 1, now - 89 * day, 'accepted'],
    ['ends when it was made', now + 100, now + 100, 'signature_expired expires_before_issued'],
    ['ends before it was made', now + 50, now + 100, 'signature_expired expires_before_issued'],
    ['t in milliseconds', now + 3600, now * 1000, 'signature_invalid issued_in_milliseconds'],
    ['both in milliseconds', (now + 3600) * 1000, now * 1000, 'signature_invalid issued_in_milliseconds'],
    ['e in milliseconds', (now + 3600) * 1000, now, 'signature_expired expires_in_milliseconds'],
    ['e is a duration', 3600, now, 'signature_expired expires_is_a_duration'],
  ])('%s', (_what, expires, issued, expected) => {
    expect(answer(expires, issued)).toBe(expected);
  });
});

describe('times of a single-use signature', () => {
  it.each([
    ['just made', now, 'accepted'],
    ['at the end of its window', now - 900, 'accepted'],
    ['after its window', now - 900.5, 'signature_expired single_use_window_over'],
    ['at the edge of the skew', now + 300, 'accepted'],
    ['beyond the skew', now + 301, 'signature_invalid clock_ahead'],
  ])('%s', (_what, issued, expected) => {
    expect(answer(0, issued)).toBe(expected);
  });
});

describe('durations in words', () => {
  it.each([
    [0, '0 s'],
    [-5, '0 s'],
    [59.9, '59 s'],
    [60, '1 min'],
    [3661, '1 h 1 min'],
    [day * 2 + 3600 * 5 + 59, '2 d 5 h'],
    [day + 61, '1 d 1 min'],
  ])('%d s is %s', (seconds, words) => {
    expect(inWords(seconds)).toBe(words);
  });

  it('stand in the reason: by how much it is over', () => {
    expect(() =>
      checkTime({ expires: now - 11_520, issued: now - 20_000, singleUse: false }, now * 1000, settings),
    ).toThrow('ended 3 h 12 min ago');
  });
});
