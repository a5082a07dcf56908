import { describe, expect, it } from 'vitest';
import { somePair, someRow, temporaryStore, testOn } from '../test-support/temp-store.ts';
import { serverOfTests, whyNoServer } from './test-support/server.ts';
import { postgresOn } from './test-support/temp-store.ts';

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
      expect(await usage.consume('1', '2026-11-28', 2)).toBe(1);
      await Promise.all(Array.from({ length: 20 }, (_, i) => ledger.append(someRow({ requestId: `${i}` }))));
      expect(await ledger.count({})).toBe(20);
      const begun = await idempotency.beginIdempotent({ appid: '1', key: 'k' }, 'f', new Date(), until);
      expect(begun.kind).toBe('begun');
      expect(await chains.names()).toEqual(['ledger:one', 'admin']);
      expect(await chains.verify('ledger:one')).toMatchObject({ verified: 20, fault: null });
      expect(await chains.verify('admin')).toMatchObject({ verified: 1, fault: null });
    });
  },
);
