import { describe, expect, it } from 'vitest';
import type { ScoreAsked } from '../../ledger/score-drift.ts';
import { temporaryStore } from '../test-support/temp-store.ts';

const asked: ScoreAsked = {
  current: ['2026-03-30', '2026-03-31'],
  reference: ['2026-03-02', '2026-03-29'],
  leastCurrent: 5,
  most: 2,
};
/** Counts with so many in one bin. */
const inBin = (bin: number, count: number) => Array.from({ length: 10 }, (_, at) => (at === bin ? count : 0));

describe('counts of scores in the store', () => {
  it('are added up, by app and day, and read as the two windows', async () => {
    const { scores } = await temporaryStore();
    await scores.addScores([
      { appid: '1', day: '2026-03-31', bins: inBin(9, 4) },
      { appid: '1', day: '2026-03-30', bins: inBin(9, 1) },
      { appid: '1', day: '2026-03-29', bins: inBin(0, 7) },
      { appid: '1', day: '2026-03-02', bins: inBin(1, 2) },
      // Outside of both windows.
      { appid: '1', day: '2026-03-01', bins: inBin(5, 1000) },
      { appid: '1', day: '2026-04-01', bins: inBin(5, 1000) },
    ]);
    await scores.addScores([{ appid: '1', day: '2026-03-31', bins: inBin(8, 3) }]);
    expect(await scores.scoreWindows(asked)).toEqual([
      { appid: '1', current: [0, 0, 0, 0, 0, 0, 0, 0, 3, 5], reference: [7, 2, 0, 0, 0, 0, 0, 0, 0, 0] },
    ]);
  });

  it('are those of the apps with the most of late, and of none with too few', async () => {
    const { scores } = await temporaryStore();
    const bins = (count: number) => inBin(3, count);
    await scores.addScores([
      { appid: 'few', day: '2026-03-31', bins: bins(4) },
      { appid: 'third', day: '2026-03-31', bins: bins(5) },
      { appid: 'first', day: '2026-03-30', bins: bins(90) },
      { appid: 'second', day: '2026-03-31', bins: bins(50) },
    ]);
    expect(await scores.scoreWindows(asked)).toEqual([
      { appid: 'first', current: bins(90), reference: bins(0) },
      { appid: 'second', current: bins(50), reference: bins(0) },
    ]);
    expect(await scores.scoreWindows({ ...asked, leastCurrent: 91 })).toEqual([]);
  });

  it('lose nothing when several add at the same moment', async () => {
    const { scores } = await temporaryStore();
    const apps = Array.from({ length: 150 }, (_, app) => `app${app}`);
    const once = () =>
      scores.addScores(apps.map((appid) => ({ appid, day: '2026-03-31', bins: inBin(0, 3) })));
    const back = () =>
      scores.addScores(apps.toReversed().map((appid) => ({ appid, day: '2026-03-31', bins: inBin(0, 2) })));
    await Promise.all([once(), back(), once(), back()]);
    const found = await scores.scoreWindows({ ...asked, most: 200 });
    expect(found).toHaveLength(150);
    expect(new Set(found.map(({ current }) => current[0]))).toEqual(new Set([10]));
  });

  it('go some days after they are compared with for the last time', async () => {
    const { scores, upkeep } = await temporaryStore();
    await scores.addScores([
      { appid: '1', day: '2026-03-31', bins: inBin(0, 9) },
      { appid: '1', day: '2026-03-02', bins: inBin(0, 9) },
      { appid: '1', day: '2026-02-01', bins: inBin(0, 9) },
    ]);
    const reference = ['2026-01-01', '2026-03-29'] as const;
    const of = async () => (await scores.scoreWindows({ ...asked, reference }))[0]?.reference[0];
    expect(await of()).toBe(18);
    await upkeep.sweep(Date.parse('2026-03-31T12:00:00Z'));
    expect(await of()).toBe(9);
  });
});
