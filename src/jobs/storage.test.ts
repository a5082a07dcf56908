import { createHash, randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { describeWhere } from '../../test/support/only-where.ts';
import { Fault } from '../faults.ts';
import type { Judge } from '../fleet/types.ts';
import { resultsNotReached } from '../ledger/erased-results.ts';
import { createObjectStore } from '../storage/s3/store.ts';
import { s3OfTests, s3SettingsFor, whyNoS3 } from '../storage/test-support/server.ts';
import type { Store } from '../store/open.ts';
import { serverOfTests, whyNoServer } from '../store/postgres/test-support/server.ts';
import { someRow } from '../store/test-support/temp-store.ts';
import { writeAnewWith } from './erased.ts';
import { type ExportDeps, exportOne } from './exports.ts';
import { createPictureReader } from './pictures.ts';
import { expanded } from './prefixes.ts';
import { submitBatch } from './submit.ts';
import { batchesOf, nodesOn, someOrder, someWorker, until } from './test-support/fleet.ts';
import type { BatchOrder, BatchStatus, BatchStore } from './types.ts';
import { runWorker, type WorkerDeps } from './worker.ts';

const never = new AbortController().signal;
const noDownloads = { download: () => Promise.reject(new Fault('download_refused', 'downloads_off', 'off')) };

/** Runs a worker until something holds. */
async function workUntil(worker: WorkerDeps, holds: () => Promise<boolean>): Promise<void> {
  const stop = new AbortController();
  const running = runWorker(worker, stop.signal);
  await until(holds);
  stop.abort();
  await running;
}

const stateIs = (batches: BatchStore, batchId: string, state: string) => async () =>
  (await batches.find(batchId))?.state === state;

const dueOf = (batchId: string, round = 0) =>
  ({ status: { batchId } as BatchStatus, tries: 1, round }) as const;

const resultsOf = async (batches: BatchStore, batchId: string) =>
  (await batches.results(batchId, 0, 1000)).map(
    ({ result }) => JSON.parse(result) as Record<string, unknown>,
  );

const whyNot = whyNoServer ?? whyNoS3;

const submit = (batches: BatchStore, order: BatchOrder, pictures: readonly string[], chunk: number) =>
  submitBatch(
    batches,
    order,
    pictures.map((picture) => ({ picture })),
    chunk,
  );

describeWhere(whyNot === null, whyNot ?? '')(
  'batches with pictures and results in S3-compatible storage',
  () => {
    const of = serverOfTests();
    const s3 = s3OfTests();
    const storage = (parts: Parameters<typeof s3SettingsFor>[1] = {}) =>
      createObjectStore(s3SettingsFor(s3.server.url, parts), 1e6);
    const reader = (objects = storage()) => createPictureReader(null, noDownloads, objects);

    async function started() {
      const [store] = (await nodesOn(of.server, 1)) as [Store];
      return { store, batches: batchesOf(store) };
    }

    function exporting(batches: BatchStore, parts: Partial<ExportDeps> = {}) {
      const said: string[] = [];
      const deps: ExportDeps = {
        batches,
        objects: storage(),
        pollMs: 20,
        onWritten: (_status, ended, why) => said.push(`${ended}: ${why}`),
        onTrouble: (error) => said.push(String(error)),
        ...parts,
      };
      return { deps, said };
    }

    it('read what a prefix names, and say of each that is not to be had why', async () => {
      const { store, batches } = await started();
      s3.server.bucket('faces');
      for (const name of ['a.jpg', 'b/ü 1.png', 'c', 'notes.txt'])
        s3.server.put('faces', `in/${name}`, `of ${name}`);
      const pictures: string[] = [];
      for await (const one of expanded('s3://faces/in/', storage())) pictures.push(one);
      expect(pictures.sort()).toEqual(['s3://faces/in/a.jpg', 's3://faces/in/b/ü 1.png', 's3://faces/in/c']);
      s3.server.remove('faces', 'in/c');
      const batchId = await submit(
        batches,
        someOrder(),
        [...pictures, 's3://faces/../x', 's3://faces/in/./a.jpg'],
        3,
      );
      const seen: string[] = [];
      const judge: Judge = {
        ...someWorker(store).judge,
        judge: async (bytes) => {
          seen.push(Buffer.from(bytes).toString());
          throw new Fault('picture_unreadable', 'not_an_image', 'no picture');
        },
      };
      await workUntil(someWorker(store, { pictures: reader(), judge }), stateIs(batches, batchId, 'done'));
      expect(seen.sort()).toEqual(['of a.jpg', 'of b/ü 1.png']);
      const failures = (await resultsOf(batches, batchId)).map(({ picture, failure }) => [picture, failure]);
      expect(failures).toEqual([
        ['s3://faces/in/a.jpg', 'not_an_image'],
        ['s3://faces/in/b/ü 1.png', 'not_an_image'],
        ['s3://faces/in/c', 'http_404'],
        ['s3://faces/../x', 'bad_url'],
        ['s3://faces/in/./a.jpg', 'bad_url'],
      ]);
    });

    it('are paused where the keys or the bucket are refused, with no row spoilt, and go on afterwards', async () => {
      const { store, batches } = await started();
      s3.server.bucket('later');
      s3.server.put('later', 'a.jpg', 'x');
      const batchId = await submit(batches, someOrder(), ['s3://later/a.jpg', 's3://later/b.jpg'], 2);
      const why: string[] = [];
      const refused = reader(storage({ secretAccessKey: 'wrong' }));
      const onPaused = (_: unknown, text: string) => why.push(text);
      await workUntil(
        someWorker(store, { pictures: refused, onPaused }),
        async () => why.length > 0 && (await stateIs(batches, batchId, 'paused')()),
      );
      expect(why).toEqual([expect.stringContaining('SignatureDoesNotMatch')]);
      expect(await resultsOf(batches, batchId)).toEqual([]);
      await batches.change(batchId, 'resume');
      await workUntil(someWorker(store, { pictures: reader() }), stateIs(batches, batchId, 'done'));
      const lost = await submit(batches, someOrder(), ['s3://nowhere/a.jpg'], 2);
      await workUntil(someWorker(store, { pictures: reader(), onPaused }), stateIs(batches, lost, 'paused'));
      expect(why.at(-1)).toBe('S3 has no bucket nowhere.');
    });

    it('wait where the storage does not answer, let others go first, and keep what is judged', async () => {
      const { store, batches } = await started();
      const batchId = await submit(
        batches,
        someOrder(),
        ['s3://b-1/a.jpg', 's3://b-1/b.jpg', 's3://b-1/c.jpg'],
        3,
      );
      const other = await submit(batches, someOrder({ appid: '2' }), ['s3://b-1/other.jpg'], 1);
      const troubles: unknown[] = [];
      const pictures = {
        read: async (picture: string) => {
          if (picture === 's3://b-1/b.jpg')
            throw new Fault('storage_unavailable', 's3_unreachable', 'S3 cannot be reached');
          return Buffer.from(picture);
        },
      };
      const worker = someWorker(store, { pictures, atOnce: 1, onTrouble: (error) => troubles.push(error) });
      await workUntil(worker, stateIs(batches, other, 'done'));
      expect(troubles).toEqual([expect.objectContaining({ reason: 's3_unreachable' })]);
      expect(await batches.find(batchId)).toMatchObject({ state: 'running', refused: 1, failed: 0 });
      expect((await batches.depth()).chunks).toEqual({ waiting: 1, running: 0, paused: 0 });
    });

    it('have their results written once they are done, before the webhook is called', async () => {
      const { store, batches } = await started();
      s3.server.bucket('out');
      const order = (results: string) => someOrder({ results, webhook: 'https://example.org/h' });
      const folder = await submit(batches, order('s3://out/app/'), ['1.jpg', '2.jpg'], 1);
      const table = await submit(batches, order('s3://out/app/of.parquet'), ['1.jpg'], 1);
      const { deps, said } = exporting(batches);
      expect(await exportOne(deps, never)).toBe(false);
      const worker = someWorker(store);
      await workUntil(worker, async () =>
        (await Promise.all([folder, table].map((id) => stateIs(batches, id, 'done')()))).every(Boolean),
      );
      expect(await batches.takeWebhook(1000)).toBeNull();
      expect(await exportOne(deps, never)).toBe(true);
      expect(await exportOne(deps, never)).toBe(true);
      expect(await exportOne(deps, never)).toBe(false);
      expect(said.sort()).toEqual([
        `written: s3://out/app/${folder}.ndjson`,
        'written: s3://out/app/of.parquet',
      ]);
      const lines = s3.server.get('out', `app/${folder}.ndjson`).toString().trimEnd().split('\n');
      expect(lines.map((line) => JSON.parse(line).key)).toEqual(['1:1.jpg', '2:2.jpg']);
      expect(s3.server.get('out', 'app/of.parquet').subarray(0, 4).toString()).toBe('PAR1');
      expect(await batches.find(folder)).toMatchObject({ resultsState: 'written', resultsFailure: null });
      expect((await batches.takeWebhook(1000))?.status.resultsState).toBe('written');
    });

    it('are written anew without what was erased, by who erases and by a worker that was writing them', async () => {
      const { store, batches } = await started();
      s3.server.bucket('anew');
      const to = 's3://anew/out/';
      const ids = await Promise.all(
        [to, to].map((results) => submit(batches, someOrder({ results }), ['1.jpg', '2.jpg'], 2)),
      );
      const [batchId, held] = ids as [string, string];
      await workUntil(someWorker(store), async () =>
        (await Promise.all(ids.map((id) => stateIs(batches, id, 'done')()))).every(Boolean),
      );
      const { deps } = exporting(batches);
      while (await exportOne(deps, never));
      const keysIn = (id: string) =>
        s3.server
          .get('anew', `out/${id}.ndjson`)
          .toString()
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line).key);
      expect(keysIn(batchId)).toEqual(['1:1.jpg', '2:2.jpg']);

      const { results } = await store.chains.erase({ requestId: `batch-${batchId}-1` });
      expect(results).toEqual([{ batchId, to }]);
      expect(await batches.find(batchId)).toMatchObject({ resultsState: 'waiting' });
      const refused = await writeAnewWith({ batches, objects: storage({ secretAccessKey: 'wrong' }) })(
        results,
      );
      expect(refused).toMatchObject([{ state: 'waiting', why: expect.stringContaining('S3 refused') }]);
      expect(resultsNotReached(refused)).toEqual([
        expect.stringMatching(/^s3:\/\/anew\/out\/.*\.ndjson \(S3 refused.*a worker/),
      ]);
      expect(keysIn(batchId)).toHaveLength(2);
      await batches.finishExport(dueOf(batchId, 1), 0, null);
      const done = await writeAnewWith({ batches, objects: storage() })(results);
      expect(done).toEqual([{ batchId, to: `${to}${batchId}.ndjson`, state: 'written', why: null }]);
      expect(resultsNotReached(done)).toEqual([]);
      expect(keysIn(batchId)).toEqual(['2:2.jpg']);

      // A worker has read the rows when one of them is erased, and writes them afterwards.
      await batches.finishExport(dueOf(held, 99), 'written', null);
      const slow = {
        ...storage(),
        write: async (...args: Parameters<ReturnType<typeof storage>['write']>) => {
          await store.chains.erase({ requestId: `batch-${held}-2` });
          expect(await exportOne(deps, never, held)).toBe(false);
          await storage().write(...args);
        },
      };
      await exportOne({ ...deps, objects: slow }, never);
      expect(keysIn(held)).toHaveLength(2);
      expect(await exportOne(deps, never)).toBe(true);
      expect(keysIn(held)).toEqual(['1:1.jpg']);
    });

    it('are named where the batch is gone, or nothing can write them here', async () => {
      const { store, batches } = await started();
      const gone = randomUUID();
      const row = someRow({ appid: '1', requestId: `batch-${gone}-3` });
      await store.ledger.append(row);
      const { results } = await store.chains.erase({ requestId: row.requestId });
      expect(results).toEqual([{ batchId: gone, to: null }]);
      expect(resultsNotReached(await writeAnewWith({ batches, objects: storage() })(results))).toEqual([
        expect.stringContaining(gone),
      ]);
      const known = [{ batchId: gone, to: 's3://anew/a.csv' }];
      expect(await writeAnewWith({ batches, objects: null })(known)).toMatchObject([{ state: 'waiting' }]);
    });

    it('replace no object of somebody else, and try again where the storage does not answer', async () => {
      const { store, batches } = await started();
      s3.server.bucket('held');
      s3.server.put('held', 'taken.ndjson', 'mine');
      const taken = await submit(batches, someOrder({ results: 's3://held/taken.ndjson' }), ['1.jpg'], 1);
      await workUntil(someWorker(store), stateIs(batches, taken, 'done'));
      const { deps, said } = exporting(batches);
      await exportOne(deps, never);
      expect(said).toEqual([expect.stringMatching(/^given_up: s3:\/\/held\/taken\.ndjson exists/)]);
      expect(s3.server.get('held', 'taken.ndjson').toString()).toBe('mine');
      expect(await batches.find(taken)).toMatchObject({
        resultsState: 'given_up',
        resultsFailure: expect.stringContaining('exists'),
      });
      const late = await submit(batches, someOrder({ results: 's3://held/late.ndjson' }), ['1.jpg'], 1);
      await workUntil(someWorker(store), stateIs(batches, late, 'done'));
      const broken = exporting(batches, { objects: storage({ secretAccessKey: 'wrong' }) });
      await exportOne(broken.deps, never);
      expect(broken.said).toEqual([expect.stringMatching(/^retry: S3 refused/)]);
      expect(await batches.find(late)).toMatchObject({ resultsState: 'waiting' });
      await batches.finishExport(dueOf(late), 0, null);
      // Written by a worker that was lost before it could say so: the same batch's object is replaced.
      const { deps: again } = exporting(batches);
      await exportOne({ ...again, batches: { ...batches, finishExport: async () => {} } }, never);
      await batches.finishExport(dueOf(late), 0, null);
      await exportOne(again, never);
      expect(await batches.find(late)).toMatchObject({ resultsState: 'written' });
    });
  },
);

describe.skipIf(whyNoServer !== null)('equal pictures of a chunk', () => {
  const of = serverOfTests();

  it('are judged once, and each has its result and its row in the ledger', async () => {
    const [store] = (await nodesOn(of.server, 1)) as [Store];
    const batches = batchesOf(store);
    const contents = ['one', 'two', 'one', 'one', 'broken', 'broken'];
    const batchId = await submit(
      batches,
      someOrder(),
      contents.map((_, i) => `${i}.jpg`),
      10,
    );
    const judged: string[] = [];
    const judge: Judge = {
      ...someWorker(store).judge,
      judge: async (bytes) => {
        const text = Buffer.from(bytes).toString();
        judged.push(text);
        await new Promise((resolve) => setTimeout(resolve, 20));
        if (text === 'broken') throw new Fault('picture_unreadable', 'not_an_image', 'no picture');
        return someJudgement();
      },
    };
    const pictures = {
      read: async (picture: string) => Buffer.from(contents[Number.parseInt(picture, 10)] ?? ''),
    };
    await workUntil(someWorker(store, { judge, pictures, atOnce: 6 }), stateIs(batches, batchId, 'done'));
    expect(judged.filter((text) => text !== 'broken').sort()).toEqual(['one', 'two']);
    const rows = await resultsOf(batches, batchId);
    const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
    expect(rows.map((row) => row.sha256)).toEqual(contents.map(sha256));
    expect(rows.map((row) => row.verdict)).toEqual(['no_face', 'no_face', 'no_face', 'no_face', null, null]);
    expect(rows.filter((row) => row.sameAs !== null)).toHaveLength(2);
    expect(await store.ledger.count({ appid: '1' })).toBe(6);
  });
});

/** The judgement of a picture without a face. */
function someJudgement() {
  return {
    verdict: 'no_face',
    score: null,
    rawScore: null,
    review: false,
    liveProbability: null,
    threshold: 87,
    profile: 'careful',
    face: null,
    faceCount: 0,
    width: 10,
    height: 10,
    reasons: [{ code: 'NO_FACE', text: 'no face' }],
    quality: [],
    models: [],
  } as unknown as Awaited<ReturnType<Judge['judge']>>;
}
