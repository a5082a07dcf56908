import { describe, expect, it } from 'vitest';
import type { LedgerSearch } from '../../ledger/search.ts';
import type { LedgerPlace, LedgerRow } from '../../ledger/types.ts';
import type { Store } from '../open.ts';
import { someExplanation, someRow, temporaryStore } from '../test-support/temp-store.ts';

const FOR_REVIEW = someExplanation();

const minute = (n: number) => new Date(Date.UTC(2026, 10, 1, 0, n));

async function filled(rows: readonly Partial<LedgerRow>[]): Promise<Store> {
  const store = await temporaryStore();
  for (const row of rows) await store.ledger.append(someRow(row));
  return store;
}

/** All pages of a search, with at most `limit` rows each. */
async function pages({ ledger }: Store, filter: LedgerSearch, limit: number): Promise<string[][]> {
  const found: string[][] = [];
  let before: LedgerPlace | null = null;
  do {
    const { rows, next } = await ledger.search(filter, before, limit);
    found.push(rows.map((row) => row.requestId));
    before = next;
  } while (before !== null);
  return found;
}

describe('a search', () => {
  it('gives each row once, newest first, also where many have the same time', async () => {
    const store = await filled(
      Array.from({ length: 7 }, (_, n) => ({ requestId: `r${n}`, at: minute(n < 5 ? 1 : 2) })),
    );
    expect((await pages(store, {}, 3)).flat()).toEqual(['r6', 'r5', 'r4', 'r3', 'r2', 'r1', 'r0']);
    expect(await pages(store, { verdict: 'live' }, 4)).toEqual([
      ['r6', 'r5', 'r4', 'r3'],
      ['r2', 'r1', 'r0'],
    ]);
  });

  it('narrows by every member of the filter', async () => {
    const store = await filled([
      { requestId: 'a', at: minute(1), verdict: 'attack', rawScore: 12, reasons: ['ATTACK_SUSPECTED'] },
      { requestId: 'b', at: minute(2), verdict: 'live', rawScore: 90, reasons: ['BLURRED', 'NOISY'] },
      {
        requestId: 'c',
        at: minute(3),
        verdict: null,
        rawScore: null,
        kind: 'download_refused',
        reasons: ['x'],
      },
      { requestId: 'd', at: minute(4), appid: '1000002', rawScore: 50, reasons: [] },
      { requestId: 'e', at: minute(5), rawScore: 60, explanation: FOR_REVIEW },
    ]);
    const found = async (filter: LedgerSearch) =>
      (await store.ledger.search(filter, null, 50)).rows.map((row) => row.requestId);
    expect(await found({ verdict: 'attack' })).toEqual(['a']);
    expect(await found({ reason: 'NOISY' })).toEqual(['b']);
    expect(await found({ reason: 'NOIS_' })).toEqual([]);
    expect(await found({ reason: '%' })).toEqual([]);
    expect(await found({ kind: 'download_refused' })).toEqual(['c']);
    expect(await found({ appid: '1000002' })).toEqual(['d']);
    expect(await found({ minScore: 50, maxScore: 60 })).toEqual(['e', 'd']);
    expect(await found({ review: true })).toEqual(['e']);
    expect(await found({ requestId: 'b' })).toEqual(['b']);
    expect(await found({ since: minute(2), until: minute(4) })).toEqual(['c', 'b']);
  });
});

describe('activity', () => {
  it('counts requests by verdict and step, codes, refusals and scores', async () => {
    const store = await filled([
      { at: minute(0), verdict: 'live', rawScore: 97, milliseconds: 10 },
      { at: minute(0), verdict: 'live', rawScore: 100, milliseconds: 30 },
      { at: minute(1), verdict: 'attack', rawScore: 4, milliseconds: 20 },
      {
        at: minute(1),
        verdict: null,
        rawScore: null,
        score: null,
        code: -5802,
        kind: 'request_refused',
        requests: 12,
        reasons: ['queue_full'],
      },
      { at: minute(9) },
    ]);
    const activity = await store.ledger.activity({ since: minute(0), until: minute(9), step: 60_000 });
    expect(activity).toMatchObject({
      isWhole: true,
      refusals: { queue_full: 12 },
      codes: { '0': 3, '-5802': 12 },
    });
    expect(activity.steps).toMatchObject([
      { at: minute(0), requests: { live: 2 }, latency: { p50: 10, p95: 30, p99: 30 } },
      { at: minute(1), requests: { attack: 1, refused: 12 }, latency: { p50: 20, p95: 20, p99: 20 } },
    ]);
    expect(activity.scores).toHaveLength(20);
    expect(activity.steps.map(({ scores }) => scores.reduce((sum, count) => sum + count, 0))).toEqual([2, 1]);
    expect(activity.scores[0]).toEqual({ from: 0, live: 0, other: 1 });
    expect(activity.scores[19]).toEqual({ from: 95, live: 2, other: 0 });
    const other = await store.ledger.activity({
      since: minute(0),
      until: minute(9),
      step: 60_000,
      appid: 'none',
    });
    expect(other.steps).toEqual([]);
  });
});
