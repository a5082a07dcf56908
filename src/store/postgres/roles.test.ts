import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { submitBatch } from '../../jobs/submit.ts';
import { batchesOf, someOrder, somePictures, someWorker, until } from '../../jobs/test-support/fleet.ts';
import { runWorker } from '../../jobs/worker.ts';
import { postgresDown, postgresUp } from '../migrate.ts';
import { openStore } from '../open.ts';
import { somePair, someRow, temporaryFolder } from '../test-support/temp-store.ts';
import { MIGRATIONS } from './migrations.ts';
import { serverOfTests, whyNoServer } from './test-support/server.ts';
import { settingsFor } from './test-support/settings.ts';

const title = whyNoServer === null ? '' : ` (skipped: ${whyNoServer})`;
const actor = { kind: 'system', name: 'test', from: '' } as const;
const page = new URL('../../../docs/run/postgres.md', import.meta.url);

/** The statements of the page under this heading. */
function documented(heading: string): string {
  const text = readFileSync(page, 'utf8');
  const [, statements = ''] = /```sql\n([\s\S]*?)```/.exec(text.slice(text.indexOf(heading))) ?? [];
  return statements.replaceAll('…', 'secret');
}

describe.skipIf(whyNoServer !== null)(`a role that may not change tables${title}`, () => {
  const of = serverOfTests();

  it('with the rights of the page runs services and workers, also after later steps', async () => {
    const settings = settingsFor(await of.server.newDatabase());
    await postgresUp(settings, actor);
    expect(documented('### Roles')).toContain('livestill_queue');
    await of.server.query(settings.url, documented('### Roles'));
    // Tables that a later step makes: every one but the first.
    await postgresDown(settings, '0008-ledger-search');
    await postgresUp(settings, actor);
    expect(Object.keys(MIGRATIONS)).toContain('0009-batches');
    const url = settings.url.replace('livestill@', 'livestill_service@');
    for (const statement of [
      'create table more (a integer)',
      'create table livestill_queue.more (a integer)',
      'drop table batch',
      'alter table ledger add column more text',
      'truncate ledger',
      'create schema more',
    ]) {
      await expect(of.server.query(url, statement), statement).rejects.toThrow(
        /permission denied|must be owner/,
      );
    }
    const store = await openStore({
      dataDir: await temporaryFolder(),
      node: 'one',
      masterKey: 'ab'.repeat(32),
      postgres: { ...settings, url },
    });
    try {
      await store.accounts.createApp(
        { appid: '1', name: 'x', buckets: ['b'], limits: { daily: 5 } },
        somePair(),
      );
      await store.ledger.append(someRow());
      expect(await store.rates?.take('1', 1, 1)).toBeNull();
      (await store.permits?.take('1', 1))?.();
      expect(await store.usage.consume('1', '2026-11-29', 5, 3)).toBe(3);
      const batches = batchesOf(store);
      const batchId = await submitBatch(
        batches,
        someOrder({ results: 's3://out/a.ndjson' }),
        somePictures(30),
        10,
      );
      const stop = new AbortController();
      const running = runWorker(someWorker(store), stop.signal);
      await until(async () => (await batches.find(batchId))?.state === 'done');
      stop.abort();
      await running;
      const due = (await batches.takeExport(1000))!;
      expect(due.status.batchId).toBe(batchId);
      await batches.finishExport(due, 'written', null);
      await store.chains.head('admin');
      for (const name of await store.chains.names())
        expect(await store.chains.verify(name)).toMatchObject({ fault: null });
      await store.upkeep.sweep(Date.now());
      while ((await batches.purge(new Date(Date.now() + 60_000))) > 0);
      expect(await batches.find(batchId)).toBeNull();
    } finally {
      await store.close();
    }
  });
});
