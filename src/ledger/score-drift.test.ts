import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { binOf, driftOf, populationStability, sumOf, windowsAt } from './score-drift.ts';

const histogram = fc.array(fc.nat(5000), { minLength: 10, maxLength: 10 });
const scaled = (counts: readonly number[], by: number) => counts.map((count) => count * by);

/** The two divergences of Kullback and Leibler, added up. */
function divergence(one: readonly number[], other: readonly number[]): number {
  const shares = (counts: readonly number[]) => counts.map((count) => (count + 0.5) / (sumOf(counts) + 5));
  const toward = (p: readonly number[], q: readonly number[]) =>
    p.reduce((sum, share, bin) => sum + share * Math.log2(share / (q[bin] as number)), 0) * Math.LN2;
  const [p, q] = [shares(one), shares(other)];
  return toward(p, q) + toward(q, p);
}

describe('the population stability index', () => {
  it('is 0 for a histogram and itself, more for others, and the same both ways round', () => {
    fc.assert(
      fc.property(histogram, histogram, (one, other) => {
        expect(populationStability(one, one)).toBe(0);
        const found = populationStability(one, other);
        expect(found).toBeGreaterThanOrEqual(0);
        expect(populationStability(other, one)).toBeCloseTo(found, 10);
      }),
    );
  });

  it('is the symmetrised divergence of Kullback and Leibler', () => {
    fc.assert(
      fc.property(histogram, histogram, (one, other) => {
        expect(populationStability(one, other)).toBeCloseTo(divergence(one, other), 8);
      }),
    );
  });

  it('depends on no order of the bins, and hardly on how many scores there are', () => {
    fc.assert(
      fc.property(histogram, histogram, (one, other) => {
        const turned = populationStability(one.toReversed(), other.toReversed());
        expect(turned).toBeCloseTo(populationStability(one, other), 10);
      }),
    );
    const [one, other] = [
      [10, 20, 30, 40, 50, 60, 70, 80, 90, 100],
      [100, 90, 80, 70, 60, 50, 40, 30, 20, 10],
    ];
    const many = populationStability(scaled(one, 1000), scaled(other, 1000));
    expect(populationStability(scaled(one, 100), scaled(other, 100))).toBeCloseTo(many, 3);
    // By hand, of the shares: 2 (0.9 ln 10 + 0.7 ln 4.5 + 0.5 ln (8/3) + 0.3 ln 1.75 + 0.1 ln 1.2) / 5.5.
    expect(many).toBeCloseTo(1.38244, 4);
  });

  it('is of a size for an unchanged distribution that the least counts keep below any alarm', () => {
    // A draw whose counts follow their shares with the deviations of chance, by a fixed sequence.
    let state = 1;
    const random = () => {
      state = (state * 48_271) % 2_147_483_647;
      return state / 2_147_483_647;
    };
    const draw = (count: number) => {
      const bins = new Array<number>(10).fill(0);
      for (let at = 0; at < count; at += 1) bins[binOf(100 * random())]! += 1;
      return bins;
    };
    const found = Array.from({ length: 200 }, () => populationStability(draw(300), draw(1000)));
    const mean = sumOf(found) / found.length;
    expect(mean).toBeGreaterThan(0.03);
    expect(mean).toBeLessThan(0.05);
    expect(Math.max(...found)).toBeLessThan(0.1);
  });
});

describe('what is compared', () => {
  it('has a bin for every score', () => {
    expect([0, 9, 10, 87, 99, 100].map(binOf)).toEqual([0, 0, 1, 8, 9, 9]);
    fc.assert(
      fc.property(fc.double({ min: -10, max: 110, noNaN: true }), (score) => {
        expect([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]).toContain(binOf(score));
      }),
    );
  });

  it('are yesterday and today with the 28 days before', () => {
    expect(windowsAt(Date.parse('2026-03-31T23:59:59Z'))).toMatchObject({
      current: ['2026-03-30', '2026-03-31'],
      reference: ['2026-03-02', '2026-03-29'],
    });
  });

  it('has no value where one side has too few scores', () => {
    const many = scaled([1, 1, 1, 1, 1, 1, 1, 1, 1, 1], 100);
    const few = scaled(many, 0.29);
    const windows = [
      { appid: 'both', current: scaled(many, 0.3), reference: many },
      { appid: 'few now', current: few, reference: many },
      { appid: 'few then', current: many, reference: scaled(many, 0.99) },
    ];
    expect(driftOf(windows).map(({ appid }) => appid)).toEqual(['both']);
  });
});
