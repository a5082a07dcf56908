import { describe, expect, it } from 'vitest';
import { someRow, temporaryStore } from '../store/test-support/temp-store.ts';
import { startRetention } from './retention.ts';

const now = Date.parse('2026-11-23T00:00:00Z');

describe('retention', () => {
  it('deletes what is over age at once, and again every round', async () => {
    const { ledger } = await temporaryStore();
    const append = (at: number) => ledger.append(someRow({ at: new Date(at) }));
    await append(now - 31 * 86_400_000);
    await append(now - 29 * 86_400_000);
    const pruned: number[] = [];
    let time = now;
    const secondRound = new Promise<void>((resolve) => {
      const retention = startRetention({
        ledger,
        days: 30,
        clock: () => time,
        everyMs: 5,
        onPruned: (rows) => {
          pruned.push(rows);
          time += 2 * 86_400_000;
          if (pruned.length === 2) void retention.stop().then(resolve);
        },
        onTrouble: (error) => expect.fail(String(error)),
      });
    });
    await secondRound;
    expect(pruned).toEqual([1, 1]);
    expect(await ledger.count({})).toBe(0);
  });

  it('reports trouble and tries again', async () => {
    const failures: unknown[] = [];
    let calls = 0;
    const ledger = {
      async prune() {
        calls += 1;
        if (calls === 1) throw new Error('disk');
        return 0;
      },
    };
    const parts = {
      ledger,
      days: 1,
      clock: () => now,
      everyMs: 1,
      onPruned: () => {},
      onTrouble: (error: unknown) => failures.push(error),
    };
    const retention = startRetention(parts);
    while (calls < 3) await new Promise((resolve) => setTimeout(resolve, 1));
    await retention.stop();
    const after = calls;
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect([failures.length, calls]).toEqual([1, after]);
  });
});
