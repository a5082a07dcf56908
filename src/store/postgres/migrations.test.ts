import type { Kysely } from 'kysely';
import { describe, expect, it } from 'vitest';
import type { Tables } from '../core/tables.ts';
import { postgresDown, postgresSchema, postgresUp } from '../migrate.ts';
import { openStore } from '../open.ts';
import { somePair, someRow, temporaryFolder } from '../test-support/temp-store.ts';
import { withPatience } from './handles.ts';
import { MIGRATIONS, schemaState } from './migrations.ts';
import { serverOfTests, whyNoServer } from './test-support/server.ts';
import { settingsFor } from './test-support/settings.ts';

const title = whyNoServer === null ? '' : ` (skipped: ${whyNoServer})`;
const steps = Object.keys(MIGRATIONS);
const masterKey = 'ab'.repeat(32);
const actor = { kind: 'system', name: 'test', from: '' } as const;

describe.skipIf(whyNoServer !== null)(`the tables of a PostgreSQL database${title}`, () => {
  const of = serverOfTests();
  const fresh = async (parts = {}) =>
    settingsFor(await of.server.newDatabase(), { migrateAtStart: false, ...parts });
  const shape = (url: string) =>
    of.server.query(
      url,
      `select table_name, column_name, data_type from information_schema.columns where table_schema = 'public'
        union all select indexname, indexdef, '' from pg_indexes where schemaname = 'public' order by 1, 2`,
    );
  const inDatabase = <T>(
    settings: ReturnType<typeof settingsFor>,
    work: (db: Kysely<Tables>) => Promise<T>,
  ) => withPatience({ settings, name: 'test', onTrouble: () => {} }, work);

  it('go forwards and back, and forwards again to the same', async () => {
    const settings = await fresh();
    expect(await postgresUp(settings, actor)).toEqual(steps);
    const whole = await shape(settings.url);
    for (let last = steps.length - 2; last >= 0; last -= 1) {
      expect(await postgresDown(settings, steps[last] ?? '')).toEqual([steps[last + 1]]);
      expect((await postgresSchema(settings)).missing).toEqual(steps.slice(last + 1));
    }
    expect(await postgresUp(settings, actor)).toEqual(steps.slice(1));
    expect(await shape(settings.url)).toEqual(whole);
    expect(await postgresUp(settings, actor)).toEqual([]);
  });

  it('are brought up once by several that begin together', async () => {
    const settings = await fresh();
    const done = await Promise.all(Array.from({ length: 4 }, () => postgresUp(settings, actor)));
    expect(done.flat().sort()).toEqual(steps);
  });

  it('not there or older: a service says what to run, unless it may do it itself', async () => {
    const settings = await fresh();
    const opening = async (migrateAtStart: boolean) =>
      openStore({ dataDir: await temporaryFolder(), masterKey, postgres: { ...settings, migrateAtStart } });
    await expect(opening(false)).rejects.toMatchObject({
      reason: 'store_older',
      message: expect.stringContaining('livestill migrate up'),
    });
    await (await opening(true)).close();
    await (await opening(false)).close();
  });

  it('can be used by a role that may not change them', async () => {
    const settings = await fresh();
    await postgresUp(settings, actor);
    await of.server.query(
      settings.url,
      `create role service login; grant select, insert, update, delete on all tables in schema public to service`,
    );
    const url = settings.url.replace('livestill@', 'service@');
    const store = await openStore({ dataDir: await temporaryFolder(), postgres: { ...settings, url } });
    await store.accounts.createApp({ appid: '1', name: 'x', buckets: ['b'] }, somePair());
    await store.ledger.append(someRow());
    expect(await store.rates?.take('1', 1, 1)).toBeNull();
    await store.close();
    await expect(postgresDown({ ...settings, url }, steps[0] ?? '')).rejects.toMatchObject({
      reason: 'store_refused',
    });
  });

  it('of a newer version: with steps that only add, this version works beside it; with others it does not', async () => {
    const settings = await fresh();
    await postgresUp(settings, actor);
    await of.server.query(settings.url, `insert into kysely_migration values ('9001-newer', now()::text)`);
    expect(await postgresSchema(settings)).toMatchObject({ unknown: ['9001-newer'], isUsable: true });
    const store = await openStore({
      dataDir: await temporaryFolder(),
      postgres: { ...settings, migrateAtStart: true },
    });
    await store.accounts.createApp({ appid: '1', name: 'x' }, somePair());
    await store.ledger.append(someRow());
    await store.close();
    await expect(postgresDown(settings, steps[0] ?? '')).rejects.toMatchObject({ reason: 'step_newer' });
    await of.server.query(settings.url, `update meta set value = '9001-newer' where key = 'needed_step'`);
    expect(await inDatabase(settings, async (db) => (await schemaState(db)).isUsable)).toBe(false);
    await expect(postgresUp(settings, actor)).rejects.toMatchObject({ reason: 'store_newer' });
  });
});
