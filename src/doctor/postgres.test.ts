import { describe, expect, it } from 'vitest';
import { loadConfig } from '../config/load.ts';
import { postgresUp } from '../store/migrate.ts';
import { serverOfTests, whyNoServer } from '../store/postgres/test-support/server.ts';
import { settingsFor } from '../store/postgres/test-support/settings.ts';
import { checkPostgres } from './postgres.ts';

const config = loadConfig();

describe.skipIf(whyNoServer !== null)(
  `the database check${whyNoServer === null ? '' : ` (skipped: ${whyNoServer})`}`,
  () => {
    const of = serverOfTests();

    it('says what is missing, that all is well, or that a newer version was there', async () => {
      const url = await of.server.newDatabase();
      expect(await checkPostgres(url, config)).toMatchObject({
        status: 'fail',
        advice: 'Run "livestill migrate up".',
      });
      await postgresUp(settingsFor(url), { kind: 'system', name: 'test', from: '' });
      expect(await checkPostgres(url, config)).toMatchObject({ status: 'ok' });
      await of.server.query(url, `insert into kysely_migration values ('9001-newer', now()::text)`);
      expect(await checkPostgres(url, config)).toMatchObject({ status: 'warn' });
      await of.server.query(url, `update meta set value = '9001-newer' where key = 'needed_step'`);
      expect(await checkPostgres(url, config)).toMatchObject({
        status: 'fail',
        advice: 'Use the newer version.',
      });
    });
  },
);

it('a server that is not there is named, its password is not', async () => {
  const found = await checkPostgres('postgres://a:thesecretword@127.0.0.1:1/x', config);
  expect(found).toMatchObject({ status: 'fail', found: expect.stringContaining('127.0.0.1:1') });
  expect(JSON.stringify(found)).not.toContain('thesecretword');
});
