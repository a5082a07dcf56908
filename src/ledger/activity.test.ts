import { describe, expect, it } from 'vitest';
import { countActivity } from './activity.ts';
import type { ActivityRow } from './search.ts';

const filter = { since: new Date(0), until: new Date(1e9), step: 1000 };
const rows: ActivityRow[] = Array.from({ length: 9000 }, (_, n) => ({
  at: 100_000 - n,
  id: 9000 - n,
  verdict: n % 2 === 0 ? 'live' : null,
  code: 0,
  requests: 1,
  rawScore: n % 2 === 0 ? 95 : null,
  milliseconds: n,
  reason: n % 2 === 0 ? null : 'queue_full',
}));

/** Reads as the store does, and says how much was asked for at once. */
function reader(asked: number[] = []) {
  return async (_filter: unknown, before: { readonly id: number } | null, limit: number) => {
    asked.push(limit);
    return rows.filter(({ id }) => before === null || id < before.id).slice(0, limit);
  };
}

describe('activity', () => {
  it('is counted from all rows, a bounded number at a time', async () => {
    const asked: number[] = [];
    const found = await countActivity(reader(asked), filter);
    expect(found).toMatchObject({ isWhole: true, codes: { '0': 9000 }, refusals: { queue_full: 4500 } });
    expect(found.scores[19]).toEqual({ from: 95, live: 4500, other: 0 });
    expect(Math.max(...asked)).toBeLessThanOrEqual(4000);
    expect(found.steps.map(({ at }) => at.getTime())).toEqual([
      91_000, 92_000, 93_000, 94_000, 95_000, 96_000, 97_000, 98_000, 99_000, 100_000,
    ]);
  });

  it('has the scores of each step, those of a step without one left out', async () => {
    const rowsOf = async () => [
      { ...rows[0]!, at: 2500, rawScore: 100 },
      { ...rows[0]!, at: 2000, rawScore: 4, verdict: 'attack' },
      { ...rows[1]!, at: 500 },
    ];
    const { steps, scores } = await countActivity(rowsOf, filter);
    expect(steps.map((step) => step.scores.length)).toEqual([0, 20]);
    expect([steps[1]?.scores[0], steps[1]?.scores[19]]).toEqual([1, 1]);
    expect(scores.reduce((sum, { live, other }) => sum + live + other, 0)).toBe(2);
  });

  it.each([4000, 8000, 5000])('says where it begins when there are more than %i rows', async (most) => {
    const found = await countActivity(reader(), filter, most);
    expect(found).toMatchObject({
      isWhole: false,
      codes: { '0': most },
      since: new Date(100_000 - most + 1),
    });
  });

  it('is whole where the rows are just as many as are counted', async () => {
    expect(await countActivity(reader(), filter, 9000)).toMatchObject({
      isWhole: true,
      codes: { '0': 9000 },
    });
  });
});
