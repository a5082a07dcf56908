import { describe, expect, it } from 'vitest';
import type { NewMark, ReviewFilter } from '../../console/review.ts';
import type { LedgerPlace, LedgerRow } from '../../ledger/types.ts';
import { copyStore } from '../copy.ts';
import type { Store } from '../open.ts';
import {
  itOnSqlite,
  someExplanation,
  someRow,
  temporaryFolder,
  temporaryStore,
} from '../test-support/temp-store.ts';

const minute = (n: number) => new Date(Date.UTC(2026, 10, 1, 0, n));
const actor = { kind: 'console', name: 'ada', from: '192.0.2.7' } as const;
const markOf = (more: Partial<NewMark> = {}): NewMark => ({
  mark: 'right',
  note: '',
  by: 'ada',
  row: null,
  ifVersion: null,
  ...more,
});

/** Decisions r0 to r5, one a minute, of two apps; r5 is not for review. */
async function filled(): Promise<Store> {
  const store = await temporaryStore();
  await fill(store);
  return store;
}

async function fill({ ledger }: Store): Promise<void> {
  for (let n = 0; n < 6; n++) {
    const explanation = someExplanation({ review: n !== 5, reference: `case ${n}` });
    await ledger.append(
      someRow({ requestId: `r${n}`, at: minute(n), appid: n % 2 ? 'odd' : 'even', explanation }),
    );
  }
}

/** All pages with at most `limit` decisions each. */
async function pages({ review }: Store, filter: ReviewFilter, limit: number): Promise<string[][]> {
  const found: string[][] = [];
  let before: LedgerPlace | null = null;
  do {
    const page = await review.reviewPage(filter, before, limit);
    found.push(page.items.map(({ row }) => row.requestId));
    before = page.next;
  } while (before !== null);
  return found;
}

describe('the decisions for review', () => {
  it('are listed by state, app and time, newest first, each once', async () => {
    const store = await filled();
    await store.as(actor).markDecision('r3', markOf());
    await store.as(actor).markDecision('r1', markOf({ mark: 'wrong' }));
    const listed = async (filter: ReviewFilter, limit = 2) => (await pages(store, filter, limit)).flat();
    expect(await listed({ state: 'open' })).toEqual(['r4', 'r2', 'r0']);
    expect(await listed({ state: 'all' })).toEqual(['r4', 'r3', 'r2', 'r1', 'r0']);
    expect(await listed({ state: 'marked' }, 1)).toEqual(['r3', 'r1']);
    expect(await listed({ state: 'right' })).toEqual(['r3']);
    expect(await listed({ state: 'wrong' })).toEqual(['r1']);
    expect(await listed({ state: 'all', appid: 'odd' }, 1)).toEqual(['r3', 'r1']);
    expect(await listed({ state: 'marked', appid: 'even' })).toEqual([]);
    const range = { since: minute(1), until: minute(4) };
    expect(await listed({ state: 'all', ...range }, 1)).toEqual(['r3', 'r2', 'r1']);
    expect(await listed({ state: 'marked', since: minute(2) })).toEqual(['r3']);
  });

  it('carry who marked them, what and when; a mark can be changed and taken back', async () => {
    const store = await filled();
    const set = (mark: Partial<NewMark>) => store.as(actor).markDecision('r2', markOf(mark));
    const since = Date.now();
    expect(await set({ mark: 'wrong', note: 'a mask' })).toMatchObject({
      row: { requestId: 'r2' },
      mark: { mark: 'wrong', note: 'a mask', version: 1, by: 'ada' },
    });
    const changed = await set({ mark: 'right', by: 'bob', ifVersion: 1 });
    expect(changed.mark).toMatchObject({ mark: 'right', note: '', version: 2, by: 'bob' });
    expect(changed.mark?.at.getTime()).toBeGreaterThanOrEqual(since);
    expect((await set({ mark: null })).mark).toMatchObject({ mark: null, version: 3 });
    expect((await pages(store, { state: 'open' }, 10)).flat()).toContain('r2');
    expect((await pages(store, { state: 'marked' }, 10)).flat()).toEqual([]);
  });

  it('are not marked over a change that was not seen', async () => {
    const store = await filled();
    const set = (mark: Partial<NewMark>) => store.as(actor).markDecision('r2', markOf(mark));
    await set({ ifVersion: 0 });
    await expect(set({ mark: 'wrong', ifVersion: 0 })).rejects.toMatchObject({ reason: 'changed_meanwhile' });
    const both = await Promise.allSettled([
      set({ mark: 'wrong', ifVersion: 1 }),
      set({ mark: null, ifVersion: 1 }),
    ]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('are those for review alone: others cannot be marked', async () => {
    const store = await filled();
    for (const id of ['r5', 'nobody'])
      await expect(store.as(actor).markDecision(id, markOf())).rejects.toMatchObject({
        reason: 'decision_unknown',
      });
    const [row] = await store.ledger.latest({ requestId: 'r1' }, 1);
    await expect(store.as(actor).markDecision('r2', markOf({ row: row?.id ?? 0 }))).rejects.toMatchObject({
      reason: 'decision_unknown',
    });
  });

  it('leave an entry in the log of changes for each change, without the words of the note', async () => {
    const store = await filled();
    await store.as(actor).markDecision('r2', markOf({ note: 'Mrs Smith' }));
    await store.as(actor).markDecision('r2', markOf({ note: 'Mrs Smith' }));
    await store.as(actor).markDecision('r2', markOf({ mark: null }));
    const entries = await store.chains.adminLog(10, { action: 'review' });
    expect(entries.map(({ action, target, before, after }) => [action, target, before, after])).toEqual([
      ['review.mark', 'r2', { mark: 'right', note: '9 characters' }, { mark: null, note: 'none' }],
      ['review.mark', 'r2', null, { mark: 'right', note: '9 characters' }],
    ]);
    expect(entries[0]?.actor).toEqual(actor);
  });

  it('leave the ledger as it is, and its chain whole', async () => {
    const store = await filled();
    await store.as(actor).markDecision('r2', markOf());
    const [name = 'ledger'] = await store.chains.names();
    expect(await store.chains.verify(name)).toMatchObject({ verified: 6, fault: null });
  });

  it('lose their marks with retention and erasure', async () => {
    const store = await filled();
    for (const id of ['r0', 'r2', 'r4']) await store.as(actor).markDecision(id, markOf());
    await store.ledger.prune(minute(1));
    expect((await pages(store, { state: 'marked' }, 10)).flat()).toEqual(['r4', 'r2']);
    await store.chains.erase({ reference: 'case 2' });
    expect((await pages(store, { state: 'marked' }, 10)).flat()).toEqual(['r4']);
  });

  itOnSqlite()('are copied with their marks', async () => {
    const [from, to] = [await temporaryFolder(), await temporaryFolder()];
    const store = await temporaryStore({ dataDir: from });
    await fill(store);
    await store.as(actor).markDecision('r2', markOf({ mark: 'wrong', note: 'a mask' }));
    await store.close();
    const copied = await copyStore({ from: { dataDir: from }, to: { dataDir: to }, actor });
    expect(copied.review_mark?.rows).toBe(1);
    const { review } = await temporaryStore({ dataDir: to });
    const { items } = await review.reviewPage({ state: 'marked' }, null, 10);
    expect(items).toMatchObject([{ row: { requestId: 'r2' }, mark: { mark: 'wrong', note: 'a mask' } }]);
  });
});

describe('the operating points of the installation', () => {
  it('are kept, replaced and removed, each with an entry in the log of changes', async () => {
    const store = await temporaryStore();
    expect(await store.ownPoints.findOwnPoints()).toBeNull();
    const changes = store.as(actor);
    await changes.setOwnPoints({ text: '{"a":1}', by: 'ada', summary: { points: 1 } });
    await changes.setOwnPoints({ text: '{"a":2}', by: 'bob', summary: { points: 2 } });
    expect(await store.ownPoints.findOwnPoints()).toMatchObject({ text: '{"a":2}', by: 'bob' });
    await changes.setOwnPoints(null);
    expect(await store.ownPoints.findOwnPoints()).toBeNull();
    const entries = await store.chains.adminLog(10, { action: 'operating_points' });
    expect(entries.map(({ action, before, after }) => [action, before, after])).toEqual([
      ['operating_points.remove', { points: 2 }, null],
      ['operating_points.set', { points: 1 }, { points: 2 }],
      ['operating_points.set', null, { points: 1 }],
    ]);
  });
});

describe('the scores of a period', () => {
  it('are counted once each, by verdict, score, probability and review, for one app or all', async () => {
    const store = await temporaryStore();
    const rows: readonly Partial<LedgerRow>[] = [
      { verdict: 'live', rawScore: 93.25, explanation: someExplanation({ liveProbability: 0.6 }) },
      {
        verdict: 'live',
        rawScore: 93,
        explanation: someExplanation({ liveProbability: 0.605, review: false }),
      },
      { verdict: 'live', rawScore: 93.25, explanation: someExplanation({ liveProbability: 0.6 }) },
      {
        verdict: 'attack',
        rawScore: 0,
        appid: 'other',
        explanation: someExplanation({ liveProbability: 0 }),
      },
      { verdict: 'poor_quality', rawScore: 100, explanation: null },
      { verdict: 'no_face', rawScore: null, score: null },
      { verdict: null, rawScore: null, score: null, kind: 'request_refused' },
    ];
    for (const [n, row] of rows.entries())
      await store.ledger.append(someRow({ requestId: `s${n}`, at: minute(n), ...row }));
    const period = { since: minute(0), until: minute(10) };
    const found = await store.ledger.scores(period);
    expect(found).toMatchObject({ isWhole: true, since: minute(0), rows: 7, scored: 5 });
    const cells = found.cells.map((c) => [c.verdict, c.score, c.probability, c.review, c.count]);
    expect(cells.sort()).toEqual([
      ['attack', 0, 0, true, 1],
      ['live', 93, 121, false, 1],
      ['live', 94, 120, true, 2],
      ['poor_quality', 100, null, false, 1],
    ]);
    expect(await store.ledger.scores({ ...period, appid: 'other' })).toMatchObject({ rows: 1, scored: 1 });
    expect(await store.ledger.scores({ since: minute(1), until: minute(3) })).toMatchObject({ rows: 2 });
    expect(await store.ledger.scores({ since: minute(8), until: minute(9) })).toMatchObject({
      rows: 0,
      scored: 0,
      cells: [],
      isWhole: true,
    });
  });
});
