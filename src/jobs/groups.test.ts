import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BatchRow } from '../batch/types.ts';
import { groupRecord } from '../cli/worker/record.ts';
import { Fault } from '../faults.ts';
import type { Judge } from '../fleet/types.ts';
import { madeStill } from '../liveness/test-support/still.ts';
import type { Store } from '../store/open.ts';
import { serverOfTests, whyNoServer } from '../store/postgres/test-support/server.ts';
import { entryOf, rowOfEntry, unitsOfRows } from './entries.ts';
import { submitBatch } from './submit.ts';
import { batchesOf, nodesOn, someOrder, someWorker, until } from './test-support/fleet.ts';
import type { BatchStore, ChunkEntry, Submitted } from './types.ts';
import { runWorker, type WorkerDeps } from './worker.ts';

/** A list with this many pictures in each group; 0: one picture without. */
const listOf = (sizes: readonly number[]): Submitted[] => {
  let place = 0;
  const named = () => ({ picture: `${++place}.jpg` });
  return sizes.flatMap((size, g) =>
    size === 0 ? [named()] : Array.from({ length: size }, () => ({ ...named(), group: `g${g}` })),
  );
};

/** What a list is filled into a store as. */
async function filled(sizes: readonly number[], chunk: number) {
  const chunks: { chunk: number; firstRow: number; pictures: readonly ChunkEntry[] }[] = [];
  const store = {
    begin: async () => 'some',
    fill: async (_: string, some: typeof chunks) => void chunks.push(...some),
    start: async () => {},
    change: async () => true,
  } as unknown as BatchStore;
  await submitBatch(store, someOrder(), listOf(sizes), chunk);
  return chunks;
}

describe('the chunks of a list with groups', () => {
  it('hold every group whole, rows in order, pictures under their places in the list', async () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 8 }), { minLength: 1, maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(sizes, fc.integer({ min: 1, max: 9 }), async (list, size) => {
        const chunks = await filled(list, size);
        const rows = chunks.map(({ firstRow, pictures }) =>
          pictures.map((entry, i) => rowOfEntry(entry, firstRow + i)),
        );
        const all = rows.flat();
        expect(all.map(({ row }) => row)).toEqual(all.map((_, i) => i + 1));
        const pictures = all.filter(({ stills }) => stills === undefined);
        expect(pictures.map(({ key }) => key)).toEqual(
          listOf(list).map(({ picture }, i) => `${i + 1}:${picture}`),
        );
        const groups = rows.flatMap((some) => unitsOfRows(some)).filter((unit) => unit.length > 1);
        expect(groups.map((unit) => unit.length - 1)).toEqual(list.filter((n) => n > 1 && n < 6));
        for (const unit of groups) expect(new Set(unit.map(({ group }) => group)).size).toBe(1);
        expect(all.filter(({ stills }) => stills !== undefined)).toHaveLength(
          list.filter((n) => n > 0).length,
        );
      }),
    );
  });

  it('are as they were where a list has none', async () => {
    expect((await filled([0, 0, 0], 2)).map(({ pictures }) => pictures)).toEqual([
      ['1.jpg', '2.jpg'],
      ['3.jpg'],
    ]);
  });

  it('give back what they were made of', () => {
    const row = fc.record(
      {
        row: fc.integer({ min: 1, max: 99 }),
        key: fc.string(),
        picture: fc.string(),
        group: fc.string(),
      },
      { requiredKeys: ['row', 'key', 'picture'] },
    );
    fc.assert(
      fc.property(row, (one) => {
        expect(rowOfEntry(entryOf(one, one.row), one.row)).toEqual(one);
      }),
    );
  });
});

const title = whyNoServer === null ? '' : ` (skipped: ${whyNoServer})`;

/** A worker whose pictures are worth Z 4; `bad` ones are none. */
function stillWorker(store: Store, parts: Partial<WorkerDeps> = {}): WorkerDeps {
  const judge: Judge = {
    models: [],
    refusal: () => null,
    async judge(picture, options) {
      if (Buffer.from(picture).includes('bad')) throw new Fault('picture_unreadable', 'not_an_image', 'none');
      const { still, ...alone } = madeStill(4);
      return options?.still === true ? { ...alone, still: still! } : alone;
    },
  };
  return someWorker(store, { judge, ...parts });
}

async function rowsOf(batches: BatchStore, batchId: string): Promise<BatchRow[]> {
  return (await batches.results(batchId, 0, 1000)).map(({ result }) => JSON.parse(result) as BatchRow);
}

async function workUntilOver(workers: readonly WorkerDeps[], batchId: string): Promise<void> {
  const stop = new AbortController();
  const running = workers.map((one) => runWorker(one, stop.signal));
  await until(async () => (await workers[0]!.batches.find(batchId))?.finishedAt !== null);
  stop.abort();
  await Promise.all(running);
}

describe.skipIf(whyNoServer !== null)(`groups in batches of several machines${title}`, () => {
  const of = serverOfTests();

  it('have a row for each still, one for the group, and one decision in the ledger', async () => {
    const [store, other] = (await nodesOn(of.server, 2)) as [Store, Store];
    const batches = batchesOf(store);
    const pictures: Submitted[] = [
      ...listOf([2, 0, 1, 6]),
      { picture: 'good.jpg', group: 'mixed' },
      { picture: 'bad.jpg', group: 'mixed' },
    ];
    const batchId = await submitBatch(batches, someOrder(), pictures, 3);
    expect(await batches.find(batchId)).toMatchObject({ pictures: 16 });
    await workUntilOver([stillWorker(store), stillWorker(other)], batchId);
    // Refused: the groups of one and of six, the still that is none, and its group.
    expect(await batches.find(batchId)).toMatchObject({ state: 'done', judged: 12, refused: 4, failed: 0 });
    const rows = await rowsOf(batches, batchId);
    expect(rows.map(({ key }) => key)).toEqual([
      '1:1.jpg',
      '2:2.jpg',
      'together:1:1.jpg',
      '3:3.jpg',
      '4:4.jpg',
      'together:4:4.jpg',
      ...[5, 6, 7, 8, 9, 10].map((n) => `${n}:${n}.jpg`),
      'together:5:5.jpg',
      '11:good.jpg',
      '12:bad.jpg',
      'together:11:good.jpg',
    ]);
    expect(rows[2]).toMatchObject({
      group: 'g0',
      verdict: 'live',
      together: { stills: ['1:1.jpg', '2:2.jpg'], used: [0, 1] },
    });
    expect([rows[5]?.failure, rows[12]?.failure]).toEqual(['group_size', 'group_size']);
    expect(rows[15]).toMatchObject({ failure: 'not_an_image', verdict: null });
    const recorded: string[] = [];
    for await (const row of store.ledger.read({ appid: '1' })) recorded.push(row.requestId);
    const decided = [3, 4, 5, 7, 8, 9, 10, 11, 12, 16];
    expect(recorded.sort()).toEqual(decided.map((row) => `batch-${batchId}-${row}`).sort());
    await store.chains.erase({ requestId: `batch-${batchId}-3` });
    expect((await rowsOf(batches, batchId)).map(({ key }) => key).slice(0, 2)).toEqual([
      '3:3.jpg',
      '4:4.jpg',
    ]);
  });

  it('go whole from results and ledger where one of their pictures is erased', async () => {
    const [store] = (await nodesOn(of.server, 1)) as [Store];
    const batches = batchesOf(store);
    // Of the second group one still is no picture, of the third one is not there.
    const named = ['a.jpg', 'b.jpg', 'c.jpg', 'bad.jpg', 'd.jpg', 'none.jpg', 'e.jpg', 'f.jpg'];
    const pictures = named.map((picture, at) => ({ picture, group: `g${at >> 1}` }));
    const read = async (picture: string) => {
      if (picture === 'none.jpg') throw new Fault('download_refused', 'http_404', 'there is none');
      return Buffer.from(picture);
    };
    const batchId = await submitBatch(batches, someOrder(), pictures, 50);
    const recordOfGroup = groupRecord([]);
    await workUntilOver([stillWorker(store, { recordOfGroup, pictures: { read } })], batchId);
    const keys = async () => (await rowsOf(batches, batchId)).map(({ key }) => key);
    expect(await keys()).toHaveLength(12);
    expect(await store.ledger.count({})).toBe(4);
    for (const [picture, left] of [
      ['b.jpg', 9],
      ['c.jpg', 6],
      ['d.jpg', 3],
    ] as const) {
      const target = { pictureSha256: createHash('sha256').update(picture).digest('hex') };
      expect((await store.chains.erase(target)).tombstones, picture).toHaveLength(1);
      expect(await keys(), picture).toHaveLength(left);
    }
    expect(await keys()).toEqual(['7:e.jpg', '8:f.jpg', 'together:7:e.jpg']);
    expect(await store.ledger.count({})).toBe(1);
  });

  it('lose nothing and double nothing where workers are lost over a group again and again', async () => {
    const [store] = (await nodesOn(of.server, 1)) as [Store];
    const batches = batchesOf(store);
    const batchId = await submitBatch(batches, someOrder(), listOf([3, 2, 4, 0, 5]), 50);
    const set: string[] = [];
    // Lost as soon as it comes to the group of four.
    for (let round = 0; round < 100; round++) {
      await batches.reclaim(({ key }) => {
        set.push(key);
        return JSON.stringify({ key, failure: 'worker_crashed' });
      });
      if ((await batches.find(batchId))?.finishedAt !== null) break;
      const lease = await batches.take('doomed', 1);
      if (lease === null) {
        await new Promise((resolve) => setTimeout(resolve, 100));
        continue;
      }
      for (const unit of unitsOfRows(lease.rows)) expect([1, 3, 4, 5, 6]).toContain(unit.length);
      if (lease.rows.some(({ group }) => group === 'g2')) {
        await new Promise((resolve) => setTimeout(resolve, 5));
        continue;
      }
      const results = lease.rows.map(({ row, key }) => ({
        row,
        outcome: 'judged' as const,
        result: JSON.stringify({ key }),
        record: null,
      }));
      await batches.record(lease, results, 5000);
      await batches.finish(lease);
    }
    const four = [6, 7, 8, 9].map((n) => `${n}:${n}.jpg`);
    expect(set).toEqual([...four, 'together:6:6.jpg']);
    const keys = (await rowsOf(batches, batchId)).map(({ key }) => key);
    expect([keys.length, new Set(keys).size]).toEqual([19, 19]);
    expect(await batches.find(batchId)).toMatchObject({ state: 'done', judged: 14, failed: 5 });
  });
});
