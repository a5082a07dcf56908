import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { StoreCall } from '../../ledger/store-health.ts';
import { openStore } from '../open.ts';
import { somePair, someRow, temporaryFolder, temporaryStore, testOn } from '../test-support/temp-store.ts';
import { serverOfTests, whyNoServer } from './test-support/server.ts';
import { settingsFor } from './test-support/settings.ts';
import { postgresOn } from './test-support/temp-store.ts';

const certificate = (name: string): string =>
  fileURLToPath(new URL(`../../../test/contract/support/tls/${name}`, import.meta.url));

describe.skipIf(whyNoServer !== null)(
  `a PostgreSQL store${whyNoServer === null ? '' : ` (skipped: ${whyNoServer})`}`,
  () => {
    const of = serverOfTests();
    testOn(postgresOn(of));

    it('keeps apps, signatures, counts and decisions, and its chains are as written', async () => {
      const { accounts, replay, usage, ledger, chains, idempotency } = await temporaryStore({ node: 'one' });
      await accounts.createApp({ appid: '1', name: 'x', buckets: ['b', 'c'] }, somePair());
      expect(await accounts.findSecret(somePair().secretId)).toMatchObject(somePair());
      expect(await accounts.findBucketOwner('c')).toBe('1');
      const until = new Date(Date.now() + 60_000);
      expect(await replay.remember('ab', until)).toBe(true);
      expect(await replay.remember('ab', until)).toBe(false);
      expect([await replay.isUsed('ab'), await replay.isUsed('cd')]).toEqual([true, false]);
      expect(await usage.consume('1', '2026-11-28', 2)).toBe(1);
      await Promise.all(Array.from({ length: 20 }, (_, i) => ledger.append(someRow({ requestId: `${i}` }))));
      expect(await ledger.count({})).toBe(20);
      const begun = await idempotency.beginIdempotent({ appid: '1', key: 'k' }, 'f', new Date(), until);
      expect(begun.kind).toBe('begun');
      expect(await chains.names()).toEqual(['ledger:one', 'admin']);
      expect(await chains.verify('ledger:one')).toMatchObject({ verified: 20, fault: null });
      expect(await chains.verify('admin')).toMatchObject({ verified: 1, fault: null });
    });

    it('says how its connections are used, and what its calls took', async () => {
      const { health, accounts, ledger } = await temporaryStore({ node: 'one' });
      const calls: StoreCall[] = [];
      health?.listen((call) => calls.push(call));
      await accounts.findSecret('nobody');
      await ledger.append(someRow({}));
      expect(health?.node).toBe('one');
      expect(calls.length).toBeGreaterThanOrEqual(2);
      expect(calls.every(({ seconds, failure }) => seconds > 0 && failure === null)).toBe(true);
      const { used, idle, waiting } = health?.connections() ?? {};
      expect([used, waiting]).toEqual([0, 0]);
      expect(idle).toBeGreaterThan(0);
    });

    it('is spoken to over TLS with its certificate checked', async () => {
      await of.server.useTls(certificate('first.crt'), certificate('first.key'));
      const url = await of.server.migratedDatabase();
      const openBy = async (mode: string, caFile: string | null) =>
        openStore({
          dataDir: await temporaryFolder(),
          masterKey: 'ab'.repeat(32),
          postgres: settingsFor(`${url}?sslmode=${mode}`, { caFile }),
        });
      const store = await openBy('verify-full', certificate('first.crt'));
      onTestFinished(() => store.close());
      const connections = `select ssl from pg_stat_ssl join pg_stat_activity using (pid)
        where application_name like 'livestill %'`;
      expect(await of.server.query(url, connections)).toContainEqual({ ssl: true });
      await (await openBy('require', null)).close();
      for (const ca of [null, certificate('second.crt')]) {
        await expect(openBy('verify-full', ca)).rejects.toMatchObject({
          kind: 'accounts_unavailable',
          reason: 'store_certificate',
        });
      }
    });
  },
);
