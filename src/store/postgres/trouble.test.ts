import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { StoreKind } from '../core/database.ts';
import { openStore, type Store } from '../open.ts';
import { somePair, someRow, temporaryFolder } from '../test-support/temp-store.ts';
import { serverOfTests, type TestServer, whyNoServer } from './test-support/server.ts';
import { settingsFor } from './test-support/settings.ts';

const title = whyNoServer === null ? '' : ` (skipped: ${whyNoServer})`;

async function open(server: TestServer): Promise<{ store: Store; url: string }> {
  const url = await server.migratedDatabase();
  const dataDir = await temporaryFolder();
  const settings = settingsFor(url, { connectTimeoutMs: 4000, statementTimeoutMs: 4000 });
  const store = await openStore({ dataDir, node: 'one', postgres: settings });
  onTestFinished(() => store.close());
  await store.accounts.createApp({ appid: '1', name: 'x' }, somePair());
  await store.ledger.append(someRow({ requestId: 'before' }));
  return { store, url };
}

const unreachable = { reason: expect.stringMatching(/^store_(unreachable|timeout)$/) };

/** Every call is refused with the kind of the store that it is for, each in its time. */
async function expectRefusals(store: Store): Promise<void> {
  const until = new Date(Date.now() + 60_000);
  const refused = (kind: StoreKind) => expect.objectContaining({ kind, ...unreachable });
  const calls: readonly (readonly [StoreKind, () => Promise<unknown>])[] = [
    ['accounts_unavailable', () => store.accounts.findSecret(somePair().secretId)],
    ['accounts_unavailable', () => store.accounts.setAppState('1', 'suspended')],
    ['state_unavailable', () => store.replay.remember('ab', until)],
    ['state_unavailable', () => store.usage.consume('1', '2026-11-28', 5)],
    ['state_unavailable', () => store.ledger.append(someRow({ requestId: 'during' }))],
    ['state_unavailable', () => store.check()],
  ];
  const found = await Promise.all(
    calls.map(([, call]) =>
      call().then(
        () => 'answered',
        (error: unknown) => error,
      ),
    ),
  );
  // Readiness looks at the accounts first.
  expect(found.slice(0, 5)).toEqual(calls.slice(0, 5).map(([kind]) => refused(kind)));
  expect(found[5]).toMatchObject(unreachable);
}

/** Everything is taken again, and the chain holds what was answered. */
async function expectWork(store: Store, answered: readonly string[]): Promise<void> {
  await expect.poll(() => store.check().then(() => 'ok', String)).toBe('ok');
  expect((await store.accounts.findApp('1'))?.state).toBe('active');
  await store.ledger.append(someRow({ requestId: 'after' }));
  const kept = (await store.ledger.latest({}, 1000)).map((row) => row.requestId);
  expect(kept).toEqual(expect.arrayContaining([...answered, 'after']));
  expect(await store.chains.verify('ledger:one')).toMatchObject({ verified: kept.length, fault: null });
}

describe.skipIf(whyNoServer !== null)(`a PostgreSQL server that fails${title}`, () => {
  const of = serverOfTests();

  it('stopped: calls are refused; started again, all goes on', async () => {
    const { store } = await open(of.server);
    await of.server.down();
    onTestFinished(() => of.server.up());
    await expectRefusals(store);
    await of.server.up();
    await expectWork(store, ['before']);
  });

  it('paused: calls are refused in their time; going on, nothing half done is left', async () => {
    const { store } = await open(of.server);
    of.server.signal('SIGSTOP');
    onTestFinished(() => of.server.signal('SIGCONT'));
    await expectRefusals(store);
    of.server.signal('SIGCONT');
    await expectWork(store, ['before']);
    expect(await store.replay.remember('cd', new Date(Date.now() + 60_000))).toBe(true);
  });

  it('restarted under load: every row whose appending was answered is there, and the chain is whole', async () => {
    const { store } = await open(of.server);
    const answered: string[] = [];
    let isOver = false;
    let refused = 0;
    const load = Array.from({ length: 8 }, async (_, lane) => {
      for (let i = 0; !isOver; i += 1) {
        const requestId = `${lane}-${i}`;
        await store.ledger.append(someRow({ requestId })).then(
          () => answered.push(requestId),
          () => {
            refused += 1;
          },
        );
        await sleep(1);
      }
    });
    await expect.poll(() => answered.length).toBeGreaterThan(50);
    await of.server.down();
    await expect.poll(() => refused).toBeGreaterThan(0);
    const before = answered.length;
    await of.server.up();
    await expect.poll(() => answered.length).toBeGreaterThan(before + 50);
    isOver = true;
    await Promise.all(load);
    const all = new Set<string>();
    for await (const row of store.ledger.read({})) all.add(row.requestId);
    expect(answered.filter((id) => !all.has(id))).toEqual([]);
    expect(await store.chains.verify('ledger:one')).toMatchObject({ verified: all.size, fault: null });
  });

  it('not there at the start: the opening says so, and holds no password', async () => {
    const dataDir = await temporaryFolder();
    const settings = settingsFor('postgres://somebody:thesecretword@127.0.0.1:1/none');
    const opening = openStore({ dataDir, postgres: settings });
    await expect(opening).rejects.toMatchObject({
      kind: 'accounts_unavailable',
      reason: 'store_unreachable',
    });
    await expect(opening).rejects.not.toThrow(/thesecretword/);
  });

  it('with a row locked by others: the call is given up in its time, and its neighbours are answered', async () => {
    const { store, url } = await open(of.server);
    await store.usage.consume('1', '2026-11-28', 5);
    const letGo = await of.server.holding(url, 'update usage_day set count = 2');
    await expect(store.usage.consume('1', '2026-11-28', 5)).rejects.toMatchObject({
      kind: 'state_unavailable',
      reason: 'store_timeout',
    });
    expect((await store.accounts.findApp('1'))?.name).toBe('x');
    await letGo();
    expect(await store.usage.consume('1', '2026-11-28', 5)).toBe(3);
  });
});
