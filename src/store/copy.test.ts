import { describe, expect, it } from 'vitest';
import { submitBatch } from '../jobs/submit.ts';
import { someOrder, somePictures, someWorker, until as whenever } from '../jobs/test-support/fleet.ts';
import { runWorker } from '../jobs/worker.ts';
import { copyStore, type StorePlace } from './copy.ts';
import { openStore, type Store } from './open.ts';
import { serverOfTests, whyNoServer } from './postgres/test-support/server.ts';
import { settingsFor } from './postgres/test-support/settings.ts';
import { somePair, someRow, temporaryFolder } from './test-support/temp-store.ts';

const title = whyNoServer === null ? '' : ` (skipped: ${whyNoServer})`;
const masterKey = 'ab'.repeat(32);
const actor = { kind: 'system', name: 'test', from: '' } as const;
const until = new Date(Date.now() + 86_400_000);

async function at<T>(place: StorePlace, work: (store: Store) => Promise<T>): Promise<T> {
  const options = 'dataDir' in place ? place : { dataDir: await temporaryFolder(), node: 'pg', ...place };
  const store = await openStore({ thread: false, masterKey, ...options });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

/** Something in every table. */
async function fill({
  accounts,
  apiKeys,
  rules,
  ledger,
  chains,
  replay,
  usage,
  idempotency,
}: Store): Promise<void> {
  await accounts.createApp(
    { appid: '1', name: 'ä', buckets: ['b'], limits: { requestsPerSecond: 0.5 } },
    somePair(),
  );
  await apiKeys.addApiKey('1', {
    keyId: 'lsk_abcdefghijkl',
    name: 'k',
    digest: 'ab'.repeat(32),
    scopes: ['judge'],
    networks: ['10.0.0.0/8'],
    expiresAt: null,
  } as never);
  await rules.setRules('1', {});
  for (let i = 0; i < 1201; i += 1) {
    await ledger.append(
      someRow({ requestId: `r-${i}`, at: new Date(1e12 + i), score: i % 100, rawScore: i / 7 }),
    );
  }
  await ledger.prune(new Date(1e12 + 100));
  await chains.erase({ requestId: 'r-500' });
  await chains.head('admin');
  await replay.remember('ab', until);
  await usage.consume('1', '2026-11-28', 9);
  const begun = await idempotency.beginIdempotent({ appid: '1', key: 'k' }, 'f', new Date(), until);
  if (begun.kind !== 'begun') throw new Error(begun.kind);
  const answer = { http: 200, contentType: 'text/plain', body: 'kept' };
  await idempotency.finishIdempotent({ appid: '1', key: 'k' }, begun.token, answer, new Date(), until);
}

/** What was filled in is there, works, and its chains are whole. */
async function expectFilled({ accounts, ledger, chains, replay, usage, idempotency }: Store): Promise<void> {
  expect(await accounts.findSecret(somePair().secretId)).toMatchObject(somePair());
  expect(await accounts.findBucketOwner('b')).toBe('1');
  expect(await replay.remember('ab', until)).toBe(false);
  expect(await usage.used('1', '2026-11-28')).toBe(1);
  expect(await idempotency.beginIdempotent({ appid: '1', key: 'k' }, 'f', new Date(), until)).toMatchObject({
    kind: 'answered',
    answer: { body: 'kept' },
  });
  const before = await ledger.count({});
  await ledger.append(someRow({ requestId: 'more' }));
  expect(await ledger.count({})).toBe(before + 1);
  for (const name of await chains.names()) expect(await chains.verify(name)).toMatchObject({ fault: null });
}

describe.skipIf(whyNoServer !== null)(`a copy of a store${title}`, () => {
  const of = serverOfTests();
  const emptyPostgres = async () => ({ postgres: settingsFor(await of.server.migratedDatabase()) });

  it('to PostgreSQL and back holds the same, works on, and its chains are whole', async () => {
    const sqlite = { dataDir: await temporaryFolder() };
    await at(sqlite, fill);
    const postgres = await emptyPostgres();
    const copied = await copyStore({ from: sqlite, to: postgres, actor });
    expect(copied.ledger).toMatchObject({ rows: 1100, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
    await at(postgres, expectFilled);
    await at(postgres, async ({ chains }) => {
      expect(await chains.names()).toEqual(['ledger', 'ledger:pg', 'admin']);
      expect(await chains.adminLog(1)).toMatchObject([{ action: 'store.copy' }]);
    });
    const back = { dataDir: await temporaryFolder() };
    expect((await copyStore({ from: postgres, to: back, actor })).ledger?.rows).toBe(1101);
    await at(back, expectFilled);
    await at(back, expectFilled);
    await at(back, async ({ chains }) => {
      expect(await chains.names()).toEqual(['ledger', 'ledger:pg', 'admin']);
      expect(await chains.verify('ledger')).toMatchObject({ verified: 1102, pruned: 100, erased: 1 });
    });
  });

  it('that was interrupted goes on, and ends with the same', async () => {
    const sqlite = { dataDir: await temporaryFolder() };
    await at(sqlite, fill);
    const postgres = await emptyPostgres();
    const stopped = copyStore({
      from: sqlite,
      to: postgres,
      actor,
      onTable: (name) => {
        if (name === 'ledger') throw new Error('interrupted');
      },
    });
    await expect(stopped).rejects.toThrow('interrupted');
    await copyStore({ from: sqlite, to: postgres, actor });
    await at(postgres, expectFilled);
  });

  it('is refused into a store that holds something, and told where both differ', async () => {
    const [one, other] = [{ dataDir: await temporaryFolder() }, { dataDir: await temporaryFolder() }];
    await at(one, fill);
    await at(other, ({ accounts }) => accounts.createApp({ appid: '2', name: 'y' }, somePair()));
    await expect(copyStore({ from: one, to: other, actor })).rejects.toMatchObject({ reason: 'copy_target' });
    const postgres = await emptyPostgres();
    const meddled = copyStore({
      from: one,
      to: postgres,
      actor,
      onTable: async (name) => {
        if (name === 'idempotency')
          await of.server.query(
            postgres.postgres.url,
            "update ledger set score = 1 where request_id = 'r-700'",
          );
      },
    });
    await expect(meddled).rejects.toMatchObject({ reason: 'copy_differs' });
    await expect(copyStore({ from: { dataDir: '/nowhere' }, to: postgres, actor })).rejects.toMatchObject({
      reason: 'data_missing',
    });
  });

  it('from PostgreSQL to PostgreSQL takes batches along, which go on there; SQLite is told what it leaves', async () => {
    const from = await emptyPostgres();
    const batchId = await at(from, async ({ accounts, batches }) => {
      await accounts.createApp({ appid: '1', name: 'x' }, somePair());
      const id = await submitBatch(batches!, someOrder(), somePictures(60), 10);
      const other = await submitBatch(batches!, someOrder(), somePictures(2), 1);
      await batches!.change(other, 'pause');
      const lease = (await batches!.take('w', 1))!;
      await batches!.record(lease, [{ row: 1, outcome: 'judged', result: '{}', record: null }], 1);
      return id;
    });
    const to = await emptyPostgres();
    const copied = await copyStore({ from, to, actor });
    expect(copied.batch).toMatchObject({ rows: 2 });
    expect(copied.batch_chunk).toMatchObject({ rows: 8 });
    expect(copied.batch_result).toMatchObject({ rows: 1 });
    await at(to, async (store) => {
      const batches = store.batches!;
      expect((await batches.depth()).chunks).toEqual({ waiting: 5, running: 1, paused: 2 });
      const stop = new AbortController();
      const running = runWorker(someWorker(store), stop.signal);
      await whenever(async () => (await batches.find(batchId))?.state === 'done');
      stop.abort();
      await running;
      expect(await batches.find(batchId)).toMatchObject({ judged: 1, refused: 59 });
      expect(await batches.results(batchId, 0, 100)).toHaveLength(60);
    });
    const left: unknown[] = [];
    await copyStore({
      from,
      to: { dataDir: await temporaryFolder() },
      actor,
      onLeft: (some) => left.push(some),
    });
    expect(left).toEqual([{ batches: 2, results: 1 }]);
  });
});
