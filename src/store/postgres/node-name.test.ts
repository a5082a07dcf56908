import { describe, expect, it, onTestFinished } from 'vitest';
import { openStore, type Store } from '../open.ts';
import { somePair, someRow, temporaryFolder } from '../test-support/temp-store.ts';
import { holdName } from './name-lease.ts';
import { serverOfTests, whyNoServer } from './test-support/server.ts';
import { settingsFor } from './test-support/settings.ts';

const title = whyNoServer === null ? '' : ` (skipped: ${whyNoServer})`;
const masterKey = 'ab'.repeat(32);
const noTrouble = () => {};

describe.skipIf(whyNoServer !== null)(`the names of nodes that come and go${title}`, () => {
  const of = serverOfTests();

  const nodeOn = async (url: string, node: string): Promise<Store> => {
    const store = await openStore({
      dataDir: await temporaryFolder(),
      node,
      masterKey,
      postgres: settingsFor(url),
    });
    onTestFinished(() => store.close());
    return store;
  };
  const nameOf = (store: Store) => store.health?.node;

  it('are all different while they run, and the first that is free is taken', async () => {
    const url = await of.server.migratedDatabase();
    const nodes = await Promise.all(['fleet-*', 'fleet-*', 'fleet-*'].map((name) => nodeOn(url, name)));
    expect(nodes.map(nameOf).sort()).toEqual(['fleet-1', 'fleet-2', 'fleet-3']);
    await nodes.find((node) => nameOf(node) === 'fleet-2')?.close();
    expect(nameOf(await nodeOn(url, 'fleet-*'))).toBe('fleet-2');
    expect(nameOf(await nodeOn(url, 'other-*'))).toBe('other-1');
    expect(nameOf(await nodeOn(await of.server.migratedDatabase(), 'fleet-*'))).toBe('fleet-1');
  });

  it('make no new chain for each new machine, and the chain goes on', async () => {
    const url = await of.server.migratedDatabase();
    for (let machine = 1; machine <= 5; machine += 1) {
      const node = await nodeOn(url, 'fleet-*');
      if (machine === 1) await node.accounts.createApp({ appid: '1', name: 'x' }, somePair());
      await node.ledger.append(someRow({ requestId: `r${machine}` }));
      await node.close();
    }
    const { ledger, chains } = await nodeOn(url, 'fleet-*');
    expect(await chains.names()).toEqual(['ledger:fleet-1', 'admin']);
    expect((await ledger.latest({}, 9)).map(({ requestId }) => requestId)).toHaveLength(5);
    const seen = await chains.verify('ledger:fleet-1');
    expect(seen).toMatchObject({ verified: 5, fault: null });
  });

  it('are free when the process that had one is gone, and locked anew after the connection broke', async () => {
    const url = await of.server.migratedDatabase();
    const first = await holdName('n-', settingsFor(url), noTrouble, 20);
    onTestFinished(() => first.release());
    const end = () =>
      of.server.query(
        url,
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'livestill n-*'",
      );
    /** The server's processes that hold a name. */
    const held = async () =>
      (await of.server.query(url, "select pid from pg_locks where locktype = 'advisory'")).map(
        ({ pid }) => pid,
      );
    const [broken, ...more] = await held();
    expect([first.name, more]).toEqual(['n-1', []]);
    await end();
    await expect.poll(held).toEqual([expect.not.toSatisfy((pid: unknown) => pid === broken)]);
    const second = await holdName('n-', settingsFor(url), noTrouble);
    expect(second.name).toBe('n-2');
    await second.release();
    await first.release();
    // The server sees the end of a connection a moment later.
    await expect.poll(held).toEqual([]);
  });

  it('a node beyond the last number is told so, and writes nothing wrong', async () => {
    const url = await of.server.migratedDatabase();
    const old = await nodeOn(url, 'old');
    await old.ledger.append(someRow());
    await of.server.query(
      url,
      `update chain_head set row_id = ${8191 * 2 ** 40 + 5} where chain = 'ledger:old'`,
    );
    const one = await nodeOn(url, 'one-more');
    await expect(one.ledger.append(someRow())).rejects.toMatchObject({
      kind: 'state_unavailable',
      message: expect.stringContaining('8191 names of nodes have been used'),
    });
    await expect(old.ledger.append(someRow())).resolves.not.toThrow();
  });
});
