import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backingOf } from '../liveness/review.ts';
import {
  countScores,
  histogramOf,
  type ReadScores,
  type ScoreCell,
  type ScoreFilter,
  whatIf,
} from './scores.ts';

const PERIOD: ScoreFilter = { since: new Date(0), until: new Date(1e6) };

const cell = (more: Partial<ScoreCell> = {}): ScoreCell => ({
  verdict: 'live',
  score: 90,
  probability: 120,
  review: false,
  count: 1,
  ...more,
});

const cellOf = fc.record({
  verdict: fc.constantFrom('live' as const, 'attack' as const, 'poor_quality' as const),
  score: fc.integer({ min: 0, max: 100 }),
  probability: fc.option(fc.integer({ min: 0, max: 200 })),
  review: fc.boolean(),
  count: fc.integer({ min: 1, max: 1000 }),
});

/** A store with one row a millisecond, each with the same cell. */
function storeOf(total: number): { readonly read: ReadScores; readonly limits: number[] } {
  const limits: number[] = [];
  return {
    limits,
    read: async (_filter, before, limit) => {
      limits.push(limit);
      const left = before === null ? total : before.id;
      const rows = Math.min(left, limit);
      const end = left - rows;
      return {
        cells: rows === 0 ? [] : [cell({ count: rows })],
        rows,
        next: rows === limit ? { at: new Date(end), id: end } : null,
      };
    },
  };
}

describe('the scores of a period', () => {
  it.each([
    [0, 0, true],
    [9_999, 9_999, true],
    [25_000, 25_000, true],
    [30_000, 30_000, true],
    [30_001, 30_000, false],
    [10_000_000, 30_000, false],
  ])('of %i rows are counted of %i at most, and say whether these are all', async (total, rows, isWhole) => {
    const { read, limits } = storeOf(total);
    const found = await countScores(read, PERIOD, 30_000);
    expect(found).toMatchObject({ rows, scored: rows, isWhole });
    expect(found.since).toEqual(isWhole ? PERIOD.since : new Date(total - rows));
    expect(Math.max(...limits)).toBeLessThanOrEqual(10_000);
    expect(limits.length).toBeLessThanOrEqual(4);
  });

  it('make one cell of what is alike in several parts', async () => {
    const found = await countScores(storeOf(25_000).read, PERIOD);
    expect(found.cells).toEqual([cell({ count: 25_000 })]);
  });
});

describe('the histogram', () => {
  it('holds every picture once', () => {
    fc.assert(
      fc.property(fc.array(cellOf), (cells) => {
        const bins = histogramOf(cells);
        const all = bins.reduce((sum, { live, attack, poorQuality }) => sum + live + attack + poorQuality, 0);
        expect(bins).toHaveLength(101);
        expect(all).toBe(cells.reduce((sum, { count }) => sum + count, 0));
      }),
    );
  });
});

describe('another threshold', () => {
  it('counts what it would have changed, each way, and nothing else', () => {
    const cells = [
      cell({ score: 88, count: 2 }),
      cell({ score: 95, count: 3 }),
      cell({ verdict: 'attack', score: 80, count: 5 }),
      cell({ verdict: 'attack', score: 30, count: 7 }),
      cell({ verdict: 'poor_quality', score: 99, count: 11 }),
    ];
    expect(whatIf(cells, 87, null)).toMatchObject({ newlyRefused: 0, newlyAccepted: 0 });
    expect(whatIf(cells, 88, null)).toMatchObject({ newlyRefused: 2, newlyAccepted: 0 });
    expect(whatIf(cells, 79, null)).toMatchObject({
      newlyRefused: 0,
      newlyAccepted: 5,
      before: { live: 5, attack: 12, poorQuality: 11 },
      after: { live: 10, attack: 7, poorQuality: 11 },
    });
    expect(whatIf(cells, 80, null)).toMatchObject({ newlyAccepted: 0 });
  });

  it('never loses a picture, and accepts the fewer the higher it is', () => {
    const limits = fc.option(
      fc
        .tuple(fc.integer({ min: 0, max: 99 }), fc.integer({ min: 1, max: 100 }))
        .filter(([low, high]) => low < high)
        .map(([low, high]) => ({ low: low / 100, high: high / 100 })),
    );
    const threshold = fc.integer({ min: 0, max: 99 });
    fc.assert(
      fc.property(fc.array(cellOf), threshold, limits, (cells, at, review) => {
        const [one, next] = [whatIf(cells, at, review), whatIf(cells, at + 1, review)];
        const sum = ({ live, attack, poorQuality }: typeof one.before) => live + attack + poorQuality;
        expect(sum(one.after)).toBe(sum(one.before));
        expect(one.after.live).toBe(one.before.live - one.newlyRefused + one.newlyAccepted);
        expect(one.after.review).toBe(one.before.review + one.newlyForReview - one.noLongerForReview);
        expect(next.after.live).toBeLessThanOrEqual(one.after.live);
      }),
    );
  });

  it('with limits of review decides on review as the service does, at the limits too', () => {
    const probability = fc.integer({ min: 0, max: 200 });
    fc.assert(
      fc.property(cellOf, probability, fc.integer({ min: 0, max: 99 }), (one, half, low) => {
        const limits = { low: low / 100, high: (low + 1) / 100 };
        const { after } = whatIf([{ ...one, probability: half, count: 1 }], 50, limits);
        const verdict =
          one.verdict === 'poor_quality'
            ? one.verdict
            : one.score > 50
              ? ('live' as const)
              : ('attack' as const);
        const p = half % 2 === 0 ? half / 2 / 100 : (half - 1) / 2 / 100 + 0.005;
        expect(after.review).toBe(backingOf(verdict, p, limits).review ? 1 : 0);
      }),
    );
  });

  it('leaves the review of rows without a probability as it was, and says how many there are', () => {
    const cells = [cell({ probability: null, review: true, count: 4 }), cell({ count: 2 })];
    expect(whatIf(cells, 50, { low: 0.1, high: 0.2 })).toMatchObject({
      withoutProbability: 4,
      after: { review: 4 },
    });
  });
});
