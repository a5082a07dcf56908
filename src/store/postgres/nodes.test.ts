import { describe, expect, it, onTestFinished } from 'vitest';
import { createLimiter } from '../../account/limiter.ts';
import type { App } from '../../account/types.ts';
import { someSession, someStill } from '../../session/test-support/some-session.ts';
import { openStore, type Store } from '../open.ts';
import { somePair, someRow, temporaryFolder } from '../test-support/temp-store.ts';
import { serverOfTests, type TestServer, whyNoServer } from './test-support/server.ts';
import { settingsFor } from './test-support/settings.ts';

const title = whyNoServer === null ? '' : ` (skipped: ${whyNoServer})`;
const masterKey = 'ab'.repeat(32);

/** Nodes of one installation: each has a data folder of its own, all have one master key. */
async function nodes(server: TestServer, names: readonly string[], url?: string): Promise<readonly Store[]> {
  const postgres = settingsFor(url ?? (await server.migratedDatabase()));
  return Promise.all(
    names.map(async (node) => {
      const store = await openStore({ dataDir: await temporaryFolder(), node, masterKey, postgres });
      onTestFinished(() => store.close());
      return store;
    }),
  );
}

const count = <T>(values: readonly T[], wanted: T): number =>
  values.filter((value) => value === wanted).length;

describe.skipIf(whyNoServer !== null)(`several nodes on one PostgreSQL database${title}`, () => {
  const of = serverOfTests();

  it('started in the same moment set it up once', async () => {
    const stores = await nodes(of.server, ['a', 'b', 'c', 'd'], await of.server.newDatabase());
    const [{ accounts }] = stores as [Store];
    await accounts.createApp({ appid: '1', name: 'x' }, somePair());
    for (const store of stores) expect((await store.accounts.findApp('1'))?.name).toBe('x');
  });

  it('accept a single-use signature exactly once', async () => {
    const stores = await nodes(of.server, ['a', 'b', 'c', 'd']);
    const until = new Date(Date.now() + 60_000);
    for (let round = 0; round < 100; round += 1) {
      const taken = await Promise.all(
        Array.from({ length: 5 }, (_, i) =>
          stores.map((store) => store.replay.remember(`${round}-${i}`, until)),
        ).flat(),
      );
      expect(count(taken, true)).toBe(5);
    }
  });

  it('take one session through its uploads together, each accepted once, and call its webhook once', async () => {
    const stores = await nodes(of.server, ['a', 'b', 'c']);
    const { sessionId } = someSession();
    await stores[0]!.sessions.createSession(someSession({ webhook: 'https://example.org/' }));
    await stores[1]!.sessions.stepSession(sessionId, { kind: 'start', key: 'k', nonce: 'n0' }, 1000);
    for (const n of [0, 1]) {
      const claims = await Promise.allSettled(
        stores.map((store, node) =>
          store.sessions.stepSession(
            sessionId,
            { kind: 'claim', nonce: `n${n}`, mac: `m${n} ${node}` },
            1000,
          ),
        ),
      );
      const taken = claims.findIndex(({ status }) => status === 'fulfilled');
      expect(claims.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      const finish = {
        kind: 'finish',
        mac: `m${n} ${taken}`,
        still: someStill(),
        nonce: `n${n + 1}`,
      } as const;
      await stores[2 - n]!.sessions.stepSession(sessionId, finish, 1000);
    }
    const calls = await Promise.all(stores.map((store) => store.webhooks.takeWebhooks(1000, 9e4, 10)));
    expect(calls.flat().map(({ id }) => id)).toEqual([`session:${sessionId}`]);
    expect(await stores[0]!.sessions.findCaptureSession(sessionId)).toMatchObject({
      state: 'done',
      outcome: 'live',
    });
  });

  it('count the requests of a day together, up to the limit and no further', async () => {
    const stores = await nodes(of.server, ['a', 'b']);
    const counted = await Promise.all(
      stores.flatMap((store) => Array.from({ length: 40 }, () => store.usage.consume('1', '2026-11-28', 50))),
    );
    expect(count(counted, null)).toBe(30);
    expect(new Set(counted.filter((n) => n !== null)).size).toBe(50);
  });

  it('hold an app to one rate together, whatever their clocks say', async () => {
    const stores = await nodes(of.server, ['a', 'b', 'c', 'd']);
    const began = performance.now();
    const taken = await Promise.all(
      stores.flatMap(({ rates }) => Array.from({ length: 50 }, () => rates?.take('1', 10, 30))),
    );
    const most = 30 + Math.ceil(((performance.now() - began) / 1000) * 10);
    const admitted = count(taken, null);
    expect(admitted).toBeGreaterThanOrEqual(30);
    expect(admitted).toBeLessThanOrEqual(most);
    for (const wait of taken) if (wait !== null) expect(wait).toBeLessThanOrEqual(0.1);
    const limiter = (store: Store | undefined) =>
      createLimiter({ clock: () => 0, usage: store!.usage, rates: store?.rates ?? undefined });
    const app = {
      appid: '2',
      limits: { requestsPerSecond: 0.001, burst: 1, concurrent: null, daily: null },
    } as App;
    const from = performance.now();
    await limiter(stores[0]).admit(app);
    await limiter(stores[1]).admit(app);
    const refused = await limiter(stores[2])
      .admit(app)
      .catch((error: unknown) => error);
    expect(refused).toMatchObject({ reason: 'rate', retryAfter: expect.any(Number) });
    const { retryAfter } = refused as { readonly retryAfter: number };
    expect(retryAfter).toBeLessThanOrEqual(1000);
    expect(retryAfter).toBeGreaterThanOrEqual(Math.floor(1000 - (performance.now() - from) / 1000));
  });

  it('hold an app to its simultaneous requests together; those of a node that ended come free', async () => {
    const url = await of.server.migratedDatabase();
    const stores = await nodes(of.server, ['a', 'b', 'c', 'd'], url);
    const app = {
      appid: '1',
      limits: { requestsPerSecond: null, burst: null, concurrent: 10, daily: null },
    } as App;
    const limiterOf = ({ usage, permits }: Store) =>
      createLimiter({ clock: () => 0, usage, permits: permits ?? undefined });
    const limiters = stores.map(limiterOf);
    const asked = await Promise.allSettled(
      limiters.flatMap((limiter) => Array.from({ length: 5 }, () => limiter.admit(app))),
    );
    const held = asked.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    expect(held).toHaveLength(10);
    for (const one of asked) {
      if (one.status === 'rejected')
        expect(one.reason).toMatchObject({ reason: 'concurrent', retryAfter: 1 });
    }
    held[0]?.release();
    await expect.poll(() => limiters[3]?.admit(app).then(() => 'admitted', String)).toBe('admitted');
    const [other] = (await nodes(of.server, ['e'], url)) as [Store];
    // Those that ended renew nothing: as if ten seconds went by.
    for (const store of stores) await store.close();
    await of.server.query(url, 'update permit set until = 0');
    const admitting = limiterOf(other);
    const again = await Promise.allSettled(Array.from({ length: 11 }, () => admitting.admit(app)));
    expect(again.filter(({ status }) => status === 'fulfilled')).toHaveLength(10);
  });

  it('begin a request with an idempotency key once, and one answers what another kept', async () => {
    const stores = await nodes(of.server, ['a', 'b', 'c']);
    const scope = { appid: '1', key: 'k' };
    const now = new Date();
    const until = new Date(now.getTime() + 60_000);
    const begun = await Promise.all(
      stores.map((store) => store.idempotency.beginIdempotent(scope, 'f', now, until)),
    );
    expect(begun.map(({ kind }) => kind).sort()).toEqual(['begun', 'running', 'running']);
    const first = begun.findIndex(({ kind }) => kind === 'begun');
    const { token } = begun[first] as { token: string };
    const answer = { http: 200, contentType: 'application/json', body: '{}' };
    await stores[first]?.idempotency.finishIdempotent(scope, token, answer, now, until);
    const again = await stores[(first + 1) % 3]?.idempotency.beginIdempotent(scope, 'f', now, until);
    expect(again).toEqual({ kind: 'answered', answer });
  });

  it('write a chain each, which every one of them can verify, and a change in one is found by its name', async () => {
    const url = await of.server.migratedDatabase();
    const stores = await nodes(of.server, ['a', 'b', 'c'], url);
    await Promise.all(
      stores.flatMap((store, n) =>
        Array.from({ length: 30 }, (_, i) => store.ledger.append(someRow({ requestId: `${n}-${i}` }))),
      ),
    );
    const [{ chains, ledger }] = stores as [Store];
    expect(await chains.names()).toEqual(['ledger:a', 'ledger:b', 'ledger:c', 'admin']);
    for (const name of ['ledger:a', 'ledger:b', 'ledger:c'] as const) {
      expect(await chains.verify(name)).toMatchObject({ verified: 30, fault: null });
    }
    const read: string[] = [];
    for await (const row of ledger.read({})) read.push(row.requestId);
    expect(new Set(read).size).toBe(90);
    const [row] = await ledger.latest({ requestId: '1-7' }, 1);
    await of.server.query(url, `update ledger set score = 1 where id = ${row?.id}`);
    const [found] = await chains.names(row?.id);
    expect((await chains.verify(found ?? 'admin')).fault).toMatchObject({ kind: 'changed', rowId: row?.id });
    expect(await ledger.prune(new Date('2027-01-01'))).toBe(90);
    const left = await Promise.all((await chains.names()).map((name) => chains.verify(name)));
    expect(left.map(({ pruned }) => pruned)).toEqual([30, 30, 30, 0]);
  });

  it('see a change of an app, a key or a policy that another made with their next request', async () => {
    const [one, two] = (await nodes(of.server, ['a', 'b'])) as [Store, Store];
    await one.accounts.createApp({ appid: '1', name: 'x' }, somePair());
    expect((await two.accounts.findSecret(somePair().secretId))?.enabled).toBe(true);
    await one.accounts.setSecretEnabled(somePair().secretId, false);
    await one.accounts.setPolicy('1', { threshold: 91 });
    await one.accounts.setAppState('1', 'suspended');
    expect((await two.accounts.findSecret(somePair().secretId))?.enabled).toBe(false);
    expect(await two.accounts.findApp('1')).toMatchObject({ state: 'suspended', policy: { threshold: 91 } });
  });

  it('take the looks of another node at its own clock for no jump', async () => {
    const [one, two] = (await nodes(of.server, ['a', 'b'])) as [Store, Store];
    const hour = 3_600_000;
    const start = Date.UTC(2026, 10, 28);
    await one.upkeep.lookAtClock(start, null);
    await two.upkeep.lookAtClock(start + hour / 2 + 5000, null);
    expect((await one.upkeep.lookAtClock(start + hour, hour)).jumped).toBe(false);
    expect((await two.upkeep.lookAtClock(start + 1.5 * hour + 5000, hour)).jumped).toBe(false);
    expect((await one.upkeep.lookAtClock(start + 9 * hour, hour)).jumped).toBe(true);
    const gone = await Promise.all([one, two].map(({ upkeep }) => upkeep.sweep(start)));
    expect(gone).toEqual([0, 0]);
  });

  it('made the same app at the same moment: one does, the others change nothing', async () => {
    const stores = await nodes(of.server, ['a', 'b', 'c']);
    const made = await Promise.allSettled(
      stores.map((store, i) =>
        store.accounts.createApp({ appid: '1', name: `n${i}` }, somePair(`AKIDsome00000${i}`)),
      ),
    );
    expect(
      count(
        made.map(({ status }) => status),
        'fulfilled',
      ),
    ).toBe(1);
    const [{ chains }] = stores as [Store];
    expect(await chains.verify('admin')).toMatchObject({ verified: 1, fault: null });
  });

  it('with another master key is refused at its start', async () => {
    const url = await of.server.migratedDatabase();
    await nodes(of.server, ['a'], url);
    const other = {
      dataDir: await temporaryFolder(),
      masterKey: 'cd'.repeat(32),
      postgres: settingsFor(url),
    };
    await expect(openStore(other)).rejects.toMatchObject({
      kind: 'accounts_unavailable',
      reason: 'master_key_wrong',
    });
    await expect(openStore({ ...other, masterKey: undefined })).rejects.toMatchObject({
      kind: 'accounts_unavailable',
      reason: 'master_key_missing',
    });
  });
});
