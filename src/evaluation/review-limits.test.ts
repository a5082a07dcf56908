import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ATTACKS_ABOVE, BONA_FIDE_BELOW, proposeReviewLimits, reviewLines } from './review-limits.ts';
import type { Presentation } from './types.ts';

const presentation = (label: Presentation['label'], probability: number | null): Presentation => ({
  id: 'x',
  label,
  species: label === 'attack' ? 'print' : null,
  subject: null,
  session: null,
  device: null,
  group: null,
  fold: null,
  score: probability === null ? null : Math.round(probability * 100),
  probability,
  nonResponse: probability === null ? 'no_face' : null,
});
const many = (label: Presentation['label'], n: number, at: (i: number) => number) =>
  Array.from({ length: n }, (_, i) => presentation(label, at(i)));

describe('proposed review limits', () => {
  it('leave 2 % of live people below and 5 % of attacks above', () => {
    const rows = [
      ...many('bona-fide', 200, (i) => (i < 4 ? 0.1 : i < 10 ? 0.335 : 0.9)),
      ...many('attack', 100, (i) => (i < 5 ? 0.95 : i < 20 ? 0.604 : 0.05)),
    ];
    expect(proposeReviewLimits(rows)).toEqual({
      low: 0.33,
      high: 0.61,
      bonaFide: 200,
      attacks: 100,
      counts: { bonaFide: [4, 6, 190], attacks: [80, 15, 5] },
    });
  });

  it('are none of too few presentations, or where the classes do not overlap', () => {
    const few = proposeReviewLimits([...many('bona-fide', 149, () => 0.9), ...many('attack', 60, () => 0.1)]);
    expect(few).toMatchObject({ low: null, high: 0.1, counts: null });
    expect(reviewLines(few)[0]).toContain('150 bona fide and 60 attack');
    const apart = [...many('bona-fide', 200, () => 0.9), ...many('attack', 100, () => 0.1)];
    expect(proposeReviewLimits(apart)).toMatchObject({ low: null, high: null, counts: null });
    expect(proposeReviewLimits([presentation('attack', null)])).toBeNull();
  });

  it('keep both shares for any probabilities', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    const some = (size: number) => fc.array(share, { minLength: size, maxLength: size + 50 });
    fc.assert(
      fc.property(some(150), some(60), (live, attacks) => {
        const found = proposeReviewLimits([
          ...live.map((p) => presentation('bona-fide', p)),
          ...attacks.map((p) => presentation('attack', p)),
        ])!;
        if (found.low === null || found.high === null) return expect(found.counts).toBeNull();
        expect(found.low).toBeLessThan(found.high);
        expect(live.filter((p) => p < found.low!).length).toBeLessThanOrEqual(BONA_FIDE_BELOW * live.length);
        expect(attacks.filter((p) => p > found.high!).length).toBeLessThanOrEqual(
          ATTACKS_ABOVE * attacks.length,
        );
      }),
      { numRuns: 50 },
    );
  });
});
