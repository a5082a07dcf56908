import { describe, expect, it } from 'vitest';
import type { LedgerFilter, LedgerRow, StoredLedgerRow } from '../../ledger/types.ts';
import type { Store } from '../open.ts';
import { nth, someRow, temporaryFolder, temporaryStore } from '../test-support/temp-store.ts';

async function all({ ledger }: Store, filter: LedgerFilter = {}): Promise<StoredLedgerRow[]> {
  const rows: StoredLedgerRow[] = [];
  for await (const row of ledger.read(filter)) rows.push(row);
  return rows;
}

const ids = (rows: readonly StoredLedgerRow[]) => rows.map((row) => row.requestId);
const day = (n: number) => new Date(Date.UTC(2026, 10, n));

async function fill({ ledger }: Store, rows: readonly Partial<LedgerRow>[]): Promise<void> {
  for (const row of rows) await ledger.append(someRow(row));
}

describe('a row', () => {
  it.each<[string, Partial<LedgerRow>]>([
    ['of a live picture', {}],
    [
      'without a judgement',
      { verdict: null, score: null, rawScore: null, code: -4016, reasons: [], models: {} },
    ],
    [
      'of a url and an IPv6 caller',
      { source: 'url:pictures.example.org', callerAddress: '2001:db8::7', code: -4015, verdict: 'no_face' },
    ],
    [
      'with odd texts',
      {
        requestId: '"; drop table ledger; --',
        source: 'url:例え.jp',
        reasons: ['a,b', 'c"d'],
        milliseconds: 0.001,
      },
    ],
  ])('%s comes back as it went in', async (_what, parts) => {
    const store = await temporaryStore();
    await store.ledger.append(someRow(parts));
    expect(await all(store)).toEqual([
      { id: nth(1), hash: expect.stringMatching(/^[0-9a-f]{64}$/), ...someRow(parts) },
    ]);
  });

  it('is there after the store was closed and opened', async () => {
    const dataDir = await temporaryFolder();
    const store = await temporaryStore({ dataDir });
    await store.ledger.append(someRow());
    await store.close();
    expect(ids(await all(await temporaryStore({ dataDir })))).toEqual(['request-1']);
  });

  it('is not lost over a NUL in a text', async () => {
    const store = await temporaryStore();
    await store.ledger.append(someRow({ requestId: 'a\0b' }));
    expect(ids(await all(store))).toEqual(['a\u2400b']);
  });

  it('that cannot be kept is refused with state_unavailable, and its neighbours are kept', async () => {
    const store = await temporaryStore();
    const results = await Promise.allSettled([
      store.ledger.append(someRow({ requestId: 'good' })),
      store.ledger.append(someRow({ milliseconds: Number.NaN })),
      store.ledger.append(someRow({ requestId: 'good too' })),
    ]);
    expect(results.map((one) => one.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(results[1]).toMatchObject({ reason: { kind: 'state_unavailable', reason: 'store_error' } });
    expect(ids(await all(store))).toEqual(['good', 'good too']);
  });
});

describe('reading', () => {
  it('narrows by time, app, request and verdict', async () => {
    const store = await temporaryStore();
    await fill(store, [
      { requestId: 'a', at: day(1), verdict: 'live' },
      { requestId: 'b', at: day(2), verdict: 'attack', appid: '1000002' },
      { requestId: 'c', at: day(3), verdict: 'attack' },
      { requestId: 'c', at: day(4), verdict: null },
    ]);
    expect(ids(await all(store))).toEqual(['a', 'b', 'c', 'c']);
    expect(ids(await all(store, { since: day(2) }))).toEqual(['b', 'c', 'c']);
    expect(ids(await all(store, { until: day(2) }))).toEqual(['a']);
    expect(ids(await all(store, { since: day(2), until: day(4), verdict: 'attack' }))).toEqual(['b', 'c']);
    expect(ids(await all(store, { appid: '1000002' }))).toEqual(['b']);
    expect(await all(store, { requestId: 'c' })).toHaveLength(2);
    expect(await store.ledger.count({ verdict: 'attack' })).toBe(2);
    expect(ids(await store.ledger.latest({ verdict: 'attack' }, 1))).toEqual(['c']);
    expect((await store.ledger.page({}, { at: day(1), id: nth(1) }, 2)).map((row) => row.id)).toEqual([
      nth(2),
      nth(3),
    ]);
  });

  it('goes through many pages once, and leaves out what is appended meanwhile', async () => {
    const store = await temporaryStore();
    await Promise.all(
      Array.from({ length: 1300 }, (_, i) => store.ledger.append(someRow({ requestId: String(i) }))),
    );
    const seen: number[] = [];
    for await (const row of store.ledger.read({})) {
      if ((row.id - nth(0)) % 100 === 0) await store.ledger.append(someRow({ requestId: 'late' }));
      seen.push(row.id);
    }
    expect(seen).toEqual(Array.from({ length: 1300 }, (_, i) => nth(i + 1)));
    expect(await store.ledger.count({})).toBe(1313);
  });

  it('of an empty ledger ends at once', async () => {
    const store = await temporaryStore();
    expect(await all(store)).toEqual([]);
    expect(await store.ledger.latest({}, 10)).toEqual([]);
    expect(await store.ledger.count({})).toBe(0);
  });
});

describe('pruning', () => {
  it('takes what is older, whatever the order of writing, and never uses a number again', async () => {
    const store = await temporaryStore();
    await fill(store, [
      { requestId: 'new', at: day(20) },
      { requestId: 'old', at: day(1) },
      { requestId: 'edge', at: day(10) },
      { requestId: 'older', at: day(9) },
    ]);
    expect(await store.ledger.prune(day(10))).toBe(2);
    expect(ids(await all(store))).toEqual(['edge', 'new']);
    expect(await store.ledger.prune(day(10))).toBe(0);
    expect(await store.ledger.prune(day(30))).toBe(2);
    await store.ledger.append(someRow());
    expect((await all(store)).map((row) => row.id)).toEqual([nth(5)]);
  });

  it('of very many rows goes on beside new ones', async () => {
    const store = await temporaryStore();
    await Promise.all(Array.from({ length: 1200 }, () => store.ledger.append(someRow({ at: day(1) }))));
    const pruning = store.ledger.prune(day(2));
    await Promise.all(Array.from({ length: 50 }, () => store.ledger.append(someRow({ at: day(3) }))));
    expect(await pruning).toBe(1200);
    expect(await store.ledger.count({})).toBe(50);
  });
});
