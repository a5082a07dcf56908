import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { describeWhere } from '../../test/support/only-where.ts';
import { groupRecord } from '../cli/worker/record.ts';
import { Fault } from '../faults.ts';
import type { Judge } from '../fleet/types.ts';
import type { ErasureTarget } from '../ledger/types.ts';
import { madeStill } from '../liveness/test-support/still.ts';
import type { Store } from '../store/open.ts';
import { serverOfTests, whyNoServer } from '../store/postgres/test-support/server.ts';
import { dumpOf } from '../store/postgres/test-support/temp-store.ts';
import { submitBatch } from './submit.ts';
import { batchesOf, nodesOn, someOrder, someWorker, until } from './test-support/fleet.ts';
import type { Submitted } from './types.ts';
import { runWorker } from './worker.ts';

/* An erasure reaches every row of a batch that a person is in, whether the ledger has a row of it or not. */

const sha256Of = (text: string): string => createHash('sha256').update(text).digest('hex');

/** The engine fails on pictures with `failing` in their bytes; all others are live. */
const judge: Judge = {
  models: [],
  refusal: () => null,
  async judge(picture, options) {
    if (Buffer.from(picture).includes('failing'))
      throw new Fault('engine_failed', 'engine_failed', 'the engine failed');
    const { still, ...alone } = madeStill(4);
    return options?.still === true ? { ...alone, still: still! } : alone;
  },
};

/** In lists: the picture of the person, one name for each list. */
const PERSON = 'PERSON';
const together = (...pictures: readonly string[]): Submitted[] =>
  pictures.map((picture) => ({ picture, group: 'g' }));

/** Lists that the person is in. */
const LISTS: Readonly<Record<string, readonly Submitted[]>> = {
  'a judged picture': [{ picture: PERSON }],
  'a picture that the service failed on': [{ picture: `${PERSON}-failing` }],
  'equal pictures that the service failed on': [
    { picture: `${PERSON}-failing` },
    { picture: `${PERSON}-failing` },
  ],
  'a group': together(PERSON, 'with.jpg'),
  'a group that the service failed on': together(PERSON, 'failing'),
  'a group in which the service failed on the person': together('with.jpg', `${PERSON}-failing`),
  'the first of a group of wrong size': together(PERSON, 'b', 'c', 'd', 'e', 'f', 'g', 'h'),
  'a group of one': together(PERSON),
  'the first of a group of wrong size, failed on': together(`${PERSON}-failing`, 'b', 'c', 'd', 'e', 'f'),
  'one in a group of wrong size': together('a', 'b', 'c', PERSON, 'e', 'f'),
};

describeWhere(whyNoServer === null, whyNoServer ?? '')('an erasure from batches of several machines', () => {
  const of = serverOfTests();

  /** Works through batches of these lists, each with a picture of somebody else behind. */
  async function worked(lists: readonly (readonly Submitted[])[]) {
    const url = await of.server.newDatabase();
    const [store] = (await nodesOn(of.server, 1, url)) as [Store];
    const batches = batchesOf(store);
    const ids: string[] = [];
    for (const [at, list] of lists.entries()) {
      const pictures = list.map((one) => ({
        ...one,
        picture: one.picture.replace(PERSON, `jane-${at}.jpg`),
      }));
      // A group of wrong size ends in another chunk than the one it begins in.
      ids.push(await submitBatch(batches, someOrder(), [...pictures, { picture: 'other.jpg' }], 3));
    }
    const stop = new AbortController();
    const worker = someWorker(store, { judge, recordOfGroup: groupRecord([]) });
    const running = runWorker(worker, stop.signal);
    await until(async () => {
      const states = await Promise.all(ids.map((id) => batches.find(id)));
      return states.every((state) => state?.finishedAt !== null);
    });
    stop.abort();
    await running;
    return { store, url, batches, ids };
  }

  const tablesWith = async (url: string, text: string) => {
    const tables = Object.entries(await dumpOf(of.server, url));
    return tables.filter(([, rows]) => rows.includes(text)).map(([name]) => name);
  };

  const named = Object.entries(LISTS);

  it('by the picture reaches all that can be made of it', async () => {
    const { store, url, batches, ids } = await worked(named.map(([, list]) => list));
    for (const [at, [what, list]] of named.entries()) {
      const name = `jane-${at}.jpg`;
      const picture = list.find((one) => one.picture.startsWith(PERSON))?.picture.replace(PERSON, name) ?? '';
      const target = { pictureSha256: sha256Of(picture) };
      expect([what, await tablesWith(url, name)]).toEqual([
        what,
        expect.arrayContaining(['batch_chunk', 'batch_result']),
      ]);
      expect([what, await store.chains.countBeside(target)]).not.toEqual([what, 0]);
      expect([what, (await store.chains.erase(target)).batchRows]).not.toEqual([what, 0]);
      expect([what, await tablesWith(url, name)]).toEqual([what, []]);
      expect([what, await tablesWith(url, target.pictureSha256)]).toEqual([what, []]);
      expect([what, await store.chains.countBeside(target)]).toEqual([what, 0]);
      const left = await batches.results(ids[at] ?? '', 0, 100);
      expect([what, left.some(({ result }) => result.includes('other.jpg'))]).toEqual([what, true]);
    }
    for await (const { chain, fault } of chainsOf(store)) expect([chain, fault]).toEqual([chain, null]);
  }, 120_000);

  it('by the request reaches all that can be made of it', async () => {
    const { store, url, ids } = await worked(named.map(([, list]) => list));
    for (const [at, [what, list]] of named.entries()) {
      for (const [place, { picture }] of list.entries()) {
        if (!picture.startsWith(PERSON)) continue;
        const target: ErasureTarget = { requestId: `batch-${ids[at]}-${place + 1}` };
        expect([what, (await store.chains.erase(target)).batchRows]).not.toEqual([what, 0]);
        expect([what, await store.chains.countBeside(target)]).toEqual([what, 0]);
      }
      expect([what, await tablesWith(url, `jane-${at}.jpg`)]).toEqual([what, []]);
    }
  }, 120_000);

  it('by the picture reaches a result whose decision went by age', async () => {
    const { store, url } = await worked([[{ picture: PERSON }, ...together('x', PERSON)]]);
    await store.ledger.prune(new Date('2100-01-01T00:00:00Z'));
    expect(await store.ledger.count({})).toBe(0);
    expect(await store.chains.erase({ pictureSha256: sha256Of('jane-0.jpg') })).toMatchObject({
      tombstones: [],
      batchRows: 4,
    });
    expect(await tablesWith(url, 'jane-0.jpg')).toEqual([]);
  });

  it('by the request reaches a picture that was not judged yet', async () => {
    const url = await of.server.newDatabase();
    const [store] = (await nodesOn(of.server, 1, url)) as [Store];
    const batchId = await submitBatch(batchesOf(store), someOrder(), [{ picture: PERSON }], 3);
    await store.chains.erase({ requestId: `batch-${batchId}-1` });
    expect(await tablesWith(url, PERSON)).toEqual([]);
  });

  it('finds results of a picture by an index', async () => {
    const { url } = await worked([[{ picture: PERSON }]]);
    const plan = await of.server.query(
      url,
      `set enable_seqscan = off; explain select 1 from batch_result
        where substring(batch_result.result from '"sha256":"([0-9a-f]{64})"') = '${'a'.repeat(64)}'`,
    );
    expect(JSON.stringify(plan)).toContain('batch_result_picture');
  });
});

async function* chainsOf(store: Store) {
  for (const chain of await store.chains.names()) yield store.chains.verify(chain);
}
