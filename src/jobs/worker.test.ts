import { describe, expect, it } from 'vitest';
import type { Store } from '../store/open.ts';
import { serverOfTests, whyNoServer } from '../store/postgres/test-support/server.ts';
import { someRow } from '../store/test-support/temp-store.ts';
import { submitBatch } from './submit.ts';
import { batchesOf, nodesOn, someOrder, somePictures, someWorker, until } from './test-support/fleet.ts';
import type { BatchStore } from './types.ts';
import { runWorker, type WorkerDeps } from './worker.ts';

const title = whyNoServer === null ? '' : ` (skipped: ${whyNoServer})`;

async function allRows(batches: BatchStore, batchId: string): Promise<number[]> {
  const rows: number[] = [];
  for (let after = 0; ; ) {
    const page = await batches.results(batchId, after, 100);
    rows.push(...page.map(({ row }) => row));
    if (page.length < 100) return rows;
    after = page.at(-1)?.row ?? after;
  }
}

const isOver = (batches: BatchStore, batchId: string) => async () =>
  (await batches.find(batchId))?.finishedAt !== null;

/** Runs workers until a batch is over. */
async function workUntilOver(workers: readonly WorkerDeps[], batchId: string): Promise<void> {
  const stop = new AbortController();
  const running = workers.map((one) => runWorker(one, stop.signal));
  await until(isOver(workers[0]!.batches, batchId));
  stop.abort();
  await Promise.all(running);
}

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i + 1);

describe.skipIf(whyNoServer !== null)(`workers on the batches of one database${title}`, () => {
  const of = serverOfTests();

  it('give every row one result and one row in the ledger', async () => {
    const stores = await nodesOn(of.server, 3);
    const batches = batchesOf(stores[0]);
    const batchId = await submitBatch(batches, someOrder(), somePictures(230), 25);
    expect(await batches.find(batchId)).toMatchObject({ state: 'running', pictures: 230, judged: 0 });
    expect((await batches.depth()).chunks).toEqual({ waiting: 10, running: 0, paused: 0 });
    await workUntilOver(
      stores.map((store) => someWorker(store)),
      batchId,
    );
    expect(await batches.find(batchId)).toMatchObject({ state: 'done', judged: 0, refused: 230, failed: 0 });
    expect(await allRows(batches, batchId)).toEqual(numbers(230));
    const recorded = new Set<string>();
    let rows = 0;
    for await (const row of stores[0]!.ledger.read({ appid: '1' })) {
      recorded.add(row.requestId);
      rows += 1;
    }
    expect([rows, recorded.size]).toEqual([230, 230]);
    expect(await batches.depth()).toEqual({
      chunks: { waiting: 0, running: 0, paused: 0 },
      oldestWaitingSeconds: 0,
      rows: { judged: 0, refused: 230, failed: 0 },
    });
    const [first] = await batches.results(batchId, 0, 1);
    expect(JSON.parse(first?.result ?? '')).toMatchObject({
      key: '1:1.jpg',
      code: -4016,
      failure: 'not_an_image',
    });
  });

  it('lose nothing and double nothing where a worker is lost in the middle of a chunk', async () => {
    const [store, other] = (await nodesOn(of.server, 2)) as [Store, Store];
    const batches = batchesOf(store);
    const batchId = await submitBatch(batches, someOrder(), somePictures(90), 30);
    const lease = await batches.take('lost', 300);
    expect(lease?.rows).toHaveLength(30);
    const results = [1, 2, 3].map((row) => ({
      row,
      outcome: 'refused' as const,
      result: '{}',
      record: null,
    }));
    expect(await batches.record(lease!, results, 300)).toBe('held');
    await workUntilOver([someWorker(other, { leaseMs: 1000 })], batchId);
    expect(await allRows(batches, batchId)).toEqual(numbers(90));
    // What comes back to life finds that its chunk is another's.
    const late = [{ row: 4, outcome: 'refused' as const, result: '{}', record: null }];
    expect(await batches.record(lease!, late, 300)).toBe('lost');
    expect(await batches.extend(lease!, 300)).toBe('lost');
    expect(await batches.finish(lease!)).toBe('lost');
    expect(await batches.find(batchId)).toMatchObject({ refused: 90, state: 'done' });
  });

  it('write a result only together with its row in the ledger', async () => {
    const [store] = (await nodesOn(of.server, 1)) as [Store];
    const batches = batchesOf(store);
    const batchId = await submitBatch(batches, someOrder(), somePictures(2), 2);
    const lease = (await batches.take('one', 5000))!;
    const broken = { row: 1, outcome: 'judged' as const, result: '{}', record: { at: new Date() } as never };
    await expect(batches.record(lease, [broken], 5000)).rejects.toThrow();
    expect(await allRows(batches, batchId)).toEqual([]);
    expect(await batches.find(batchId)).toMatchObject({ judged: 0 });
  });

  it('set aside the one picture that workers are lost over, and do the others', async () => {
    const [store] = (await nodesOn(of.server, 1)) as [Store];
    const batches = batchesOf(store);
    const batchId = await submitBatch(batches, someOrder(), somePictures(16), 16);
    const set: number[] = [];
    // A worker that is lost as soon as it comes to row 11, before it wrote anything of its group.
    for (let round = 0; round < 100 && !(await isOver(batches, batchId)()); round++) {
      await batches.reclaim(({ row }) => {
        set.push(row);
        return '{"failure":"worker_crashed"}';
      });
      const lease = await batches.take('doomed', 1);
      if (lease === null) {
        await new Promise((resolve) => setTimeout(resolve, 200));
        continue;
      }
      if (lease.rows.some(({ row }) => row === 11)) {
        await new Promise((resolve) => setTimeout(resolve, 5));
        continue;
      }
      const results = lease.rows.map(({ row }) => ({
        row,
        outcome: 'judged' as const,
        result: '{}',
        record: null,
      }));
      await batches.record(lease, results, 5000);
      await batches.finish(lease);
    }
    expect(set).toEqual([11]);
    expect(await batches.find(batchId)).toMatchObject({ state: 'done', judged: 15, failed: 1 });
    expect(await allRows(batches, batchId)).toEqual(numbers(16));
  });

  it('take turns between apps, and begin the more urgent first', async () => {
    const [store] = (await nodesOn(of.server, 1)) as [Store];
    const batches = batchesOf(store);
    const long = await submitBatch(batches, someOrder(), somePictures(12), 1);
    const begun = [(await batches.take('w', 60_000))?.batchId, (await batches.take('w', 60_000))?.batchId];
    const short = await submitBatch(batches, someOrder({ appid: '2' }), somePictures(3), 1);
    const urgent = await submitBatch(batches, someOrder({ appid: '2', priority: 5 }), somePictures(2), 1);
    const next: (string | undefined)[] = [];
    for (let i = 0; i < 8; i++) next.push((await batches.take('w', 60_000))?.batchId);
    expect(begun).toEqual([long, long]);
    expect(next.slice(0, 2)).toEqual([urgent, urgent]);
    expect(next.slice(2, 8).filter((id) => id === short)).toHaveLength(3);
    expect(next.slice(2, 8).filter((id) => id === long)).toHaveLength(3);
  });

  it('stop at a pause, go on at a resume, and let go of what was cancelled', async () => {
    const [store] = (await nodesOn(of.server, 1)) as [Store];
    const batches = batchesOf(store);
    const batchId = await submitBatch(batches, someOrder(), somePictures(40), 10);
    const lease = (await batches.take('w', 60_000))!;
    expect(await batches.change(batchId, 'pause')).toBe(true);
    expect(await batches.take('w', 60_000)).toBeNull();
    const row = { row: 1, outcome: 'judged' as const, result: '{}', record: null };
    expect(await batches.record(lease, [row], 60_000)).toBe('paused');
    await batches.giveBack(lease);
    expect((await batches.depth()).chunks).toEqual({ waiting: 0, running: 0, paused: 4 });
    expect(await batches.change(batchId, 'resume')).toBe(true);
    const again = (await batches.take('w', 60_000))!;
    expect(again.rows[0]?.row).toBe(2);
    expect(await batches.change(batchId, 'cancel')).toBe(true);
    expect(await batches.record(again, [{ ...row, row: 2 }], 60_000)).toBe('lost');
    expect(await batches.take('w', 60_000)).toBeNull();
    expect(await batches.find(batchId)).toMatchObject({ state: 'cancelled', judged: 1 });
    expect(await batches.change(batchId, 'resume')).toBe(false);
  });

  it('pause the batch of an app that is suspended, and judge nothing for it', async () => {
    const [store] = (await nodesOn(of.server, 1)) as [Store];
    const batches = batchesOf(store);
    const batchId = await submitBatch(batches, someOrder(), somePictures(4), 2);
    await store.accounts.setAppState('1', 'suspended');
    const stop = new AbortController();
    const why: string[] = [];
    const running = runWorker(someWorker(store, { onPaused: (_, text) => why.push(text) }), stop.signal);
    await until(async () => (await batches.find(batchId))?.state === 'paused');
    stop.abort();
    await running;
    expect(why).toEqual(['the app is suspended']);
    expect(await allRows(batches, batchId)).toEqual([]);
  });

  it('finish what is begun when they are asked to stop, and leave the rest to others', async () => {
    const [store, other] = (await nodesOn(of.server, 2)) as [Store, Store];
    const batches = batchesOf(store);
    const batchId = await submitBatch(batches, someOrder(), somePictures(60), 60);
    const stop = new AbortController();
    let read = 0;
    const pictures = {
      read: async (picture: string) => {
        if (++read === 20) stop.abort();
        return Buffer.from(picture);
      },
    };
    await runWorker(someWorker(store, { pictures }), stop.signal);
    const written = await allRows(batches, batchId);
    expect(written.length).toBeGreaterThanOrEqual(20);
    expect(written.length).toBeLessThan(60);
    // No lease has to end first.
    await workUntilOver([someWorker(other)], batchId);
    expect(await allRows(batches, batchId)).toEqual(numbers(60));
  });

  it('judge by the policy and the rules of the app', async () => {
    const [store] = (await nodesOn(of.server, 1)) as [Store];
    await store.accounts.setPolicy('1', {
      threshold: 55,
      profile: 'fast',
      review: { low: 0.1, high: 0.9 },
    });
    const batches = batchesOf(store);
    const batchId = await submitBatch(batches, someOrder(), somePictures(1), 1);
    const asked: unknown[] = [];
    const worker = someWorker(store);
    const judge = {
      ...worker.judge,
      judge: (bytes: Uint8Array, options: unknown) => {
        asked.push(options);
        return worker.judge.judge(bytes);
      },
    };
    await workUntilOver([{ ...worker, judge }], batchId);
    expect(asked).toEqual([
      expect.objectContaining({ app: '1', threshold: 55, profile: 'fast', review: { low: 0.1, high: 0.9 } }),
    ]);
  });

  it('keep nothing of a decision that was erased, and judge the others', async () => {
    const [store] = (await nodesOn(of.server, 1)) as [Store];
    const batches = batchesOf(store);
    const batchId = await submitBatch(batches, someOrder(), somePictures(6), 3);
    await workUntilOver([someWorker(store)], batchId);
    await store.chains.erase({ requestId: `batch-${batchId}-2` });
    expect(await allRows(batches, batchId)).toEqual([1, 3, 4, 5, 6]);
    const unfinished = await submitBatch(batches, someOrder(), somePictures(3), 3);
    const lease = (await batches.take('w', 1))!;
    const record = someRow({ appid: '1', requestId: `batch-${unfinished}-1` });
    await batches.record(lease, [{ row: 1, outcome: 'judged', result: '{}', record }], 1);
    await store.chains.erase({ requestId: `batch-${unfinished}-1` });
    const seen: string[] = [];
    const pictures = {
      read: async (picture: string) => {
        seen.push(picture);
        return Buffer.from(picture);
      },
    };
    await workUntilOver([someWorker(store, { pictures })], unfinished);
    expect(seen.sort()).toEqual(['', '2.jpg', '3.jpg']);
    expect(await batches.find(unfinished)).toMatchObject({ state: 'done' });
  });

  it('leave batches that are over until they are purged, piece by piece, and count their rows on', async () => {
    const [store] = (await nodesOn(of.server, 1)) as [Store];
    const batches = batchesOf(store);
    const over = await submitBatch(batches, someOrder(), somePictures(30), 10);
    const small = await submitBatch(batches, someOrder(), somePictures(3), 3);
    for (const id of [over, small]) await workUntilOver([someWorker(store)], id);
    const waiting = await submitBatch(batches, someOrder(), somePictures(2), 1);
    const abandoned = await batches.begin(someOrder());
    const { rows } = await batches.depth();
    expect(rows.refused).toBe(33);
    expect(await batches.purge(new Date(Date.now() - 60_000))).toBe(0);
    expect(await batches.find(over)).not.toBeNull();
    const later = new Date(Date.now() + 60_000);
    const gone: number[] = [];
    do gone.push(await batches.purge(later));
    while (gone.at(-1) !== 0);
    expect(gone.reduce((sum, some) => sum + some, 0)).toBe(33 + 4 + 3);
    for (const id of [over, small, abandoned]) expect(await batches.find(id)).toBeNull();
    expect(await batches.results(over, 0, 9)).toEqual([]);
    expect(await batches.find(waiting)).toMatchObject({ state: 'running', pictures: 2 });
    expect((await batches.depth()).rows).toEqual(rows);
    expect(await store.ledger.count({ appid: '1' })).toBe(33);
  });
});
