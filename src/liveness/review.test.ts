import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backingOf } from './review.ts';

const limits = { low: 0.3, high: 0.7 };
const told = (verdict: 'live' | 'attack', probability: number) => {
  const { review, reason } = backingOf(verdict, probability, limits);
  return [review, reason?.code ?? null, reason?.severity ?? null];
};

describe('what backs a verdict', () => {
  it.each([
    ['attack', 0.29, [false, 'ATTACK_SUSPECTED', 'error']],
    ['attack', 0.3, [true, 'UNCERTAIN', 'error']],
    ['attack', 0.7, [true, 'UNCERTAIN', 'error']],
    // The threshold of the app lies above the limits.
    ['attack', 0.71, [true, 'UNCERTAIN', 'error']],
    ['live', 0.71, [false, null, null]],
    ['live', 0.7, [true, 'UNCERTAIN', 'warning']],
    ['live', 0.3, [true, 'UNCERTAIN', 'warning']],
    // The threshold of the app lies below them.
    ['live', 0.29, [true, 'ATTACK_SUSPECTED', 'warning']],
  ] as const)('%s at a probability of %d', (verdict, probability, expected) => {
    expect(told(verdict, probability)).toEqual(expected);
  });

  it('speaks of an attack below the lower limit alone, and is sure of "live" above the upper one alone', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    const pair = fc
      .uniqueArray(share, { minLength: 2, maxLength: 2 })
      .map((two) => two.sort((a, b) => a - b));
    fc.assert(
      fc.property(fc.constantFrom('live', 'attack'), share, pair, (verdict, p, [low, high]) => {
        const { review, reason } = backingOf(verdict, p, { low, high });
        expect(reason?.code === 'ATTACK_SUSPECTED').toBe(p < low);
        if (p >= low && p <= high) expect([review, reason?.code]).toEqual([true, 'UNCERTAIN']);
        expect(review).toBe(verdict === 'live' ? p <= high : p >= low);
        expect(reason?.text ?? '').not.toMatch(p < low ? /^$/ : /picture of a picture/);
      }),
    );
  });

  it('is for no review without limits, nor where nothing was judged', () => {
    expect(backingOf('live', 0.5, null)).toEqual({ review: false, reason: null });
    expect(backingOf('attack', 0.5, null)).toMatchObject({
      review: false,
      reason: { code: 'ATTACK_SUSPECTED' },
    });
    for (const verdict of ['poor_quality', 'no_face'] as const) {
      expect(backingOf(verdict, 0.5, limits)).toEqual({ review: false, reason: null });
    }
  });
});
