import { describe, expect, it } from 'vitest';
import { countedLedger, createScoreCounter, type ScoreCounter } from './score-counter.ts';
import type { ScoreCounts, ScoreWindows } from './score-drift.ts';
import type { LedgerRow } from './types.ts';

const row = (appid: string, rawScore: number | null, verdict: LedgerRow['verdict'] = 'live') =>
  ({ appid, rawScore, verdict }) as LedgerRow;

function setting(options: { readonly writeMs?: number; readonly lookMs?: number } = {}) {
  const written: ScoreCounts[] = [];
  const troubles: unknown[] = [];
  const state = { fails: false, windows: [] as ScoreWindows[], now: Date.parse('2026-03-31T23:59:59Z') };
  const counter: ScoreCounter = createScoreCounter({
    store: {
      async addScores(counts) {
        if (state.fails) throw new Error('no store');
        written.push(...counts);
      },
      scoreWindows: async () => state.windows,
    },
    clock: () => state.now,
    onTrouble: (error) => troubles.push(error),
    writeMs: 3_600_000,
    lookMs: 3_600_000,
    ...options,
  });
  return { counter, written, troubles, state };
}

describe('the counts of scores', () => {
  it('are by app and UTC day, of what was judged live or an attack', async () => {
    const { counter, written, state } = setting();
    for (const one of [row('1', 93), row('1', 100), row('1', 3, 'attack'), row('2', 50, 'attack')])
      counter.note(one);
    for (const one of [row('1', 97, 'poor_quality'), row('1', null, 'no_face'), row('1', null, null)])
      counter.note(one);
    state.now += 1000;
    counter.note(row('1', 93));
    await counter.stop();
    const bins = (...counts: [bin: number, count: number][]) =>
      Array.from({ length: 10 }, (_, at) => counts.find(([bin]) => bin === at)?.[1] ?? 0);
    expect(written).toEqual([
      { appid: '1', day: '2026-03-31', bins: bins([0, 1], [9, 2]) },
      { appid: '2', day: '2026-03-31', bins: bins([5, 1]) },
      { appid: '1', day: '2026-04-01', bins: bins([9, 1]) },
    ]);
  });

  it('that cannot be written are written with the next', async () => {
    const { counter, written, troubles, state } = setting({ writeMs: 5 });
    state.fails = true;
    counter.note(row('1', 93));
    await expect.poll(() => troubles.length).toBeGreaterThan(0);
    counter.note(row('1', 95));
    state.fails = false;
    await counter.stop();
    expect(written.map(({ bins }) => bins[9])).toEqual([2]);
  });

  it('are of rows that were written alone', async () => {
    const { counter, written } = setting();
    let fails = true;
    const ledger = countedLedger(
      {
        async append() {
          if (fails) throw new Error('disk full');
        },
      },
      counter,
    );
    await expect(ledger.append(row('1', 93))).rejects.toThrow('disk full');
    fails = false;
    await ledger.append(row('1', 93));
    await counter.stop();
    expect(written.map(({ bins }) => bins[9])).toEqual([1]);
  });

  it('and their drift is looked at beside the requests', async () => {
    const { counter, state } = setting({ lookMs: 5 });
    expect(counter.drift).toEqual([]);
    const even = new Array<number>(10).fill(200);
    state.windows = [{ appid: '1', current: even, reference: even }];
    await expect.poll(() => counter.drift).toEqual([{ appid: '1', psi: 0 }]);
    await counter.stop();
  });
});
