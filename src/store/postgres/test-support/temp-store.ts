import { SPAN } from '../../core/chain/names.ts';
import type { PostgresSettings } from '../../core/postgres-settings.ts';
import { postgresUp } from '../../migrate.ts';
import { openStore } from '../../open.ts';
import { dumpWith, type TestedDatabase } from '../../test-support/temp-store.ts';
import type { TestServer } from './server.ts';

/** How a test reaches a database; short times, so that tests of trouble are short. */
export function settingsFor(url: string, parts: Partial<PostgresSettings> = {}): PostgresSettings {
  return {
    url,
    password: null,
    caFile: null,
    poolSize: 5,
    connectTimeoutMs: 2000,
    statementTimeoutMs: 4000,
    migrateAtStart: true,
    ...parts,
  };
}

/**
 * PostgreSQL as the tests' database: each data folder has a database of its own on the server, a copy of one
 * whose tables were made once.
 */
export function postgresOn(of: { readonly server: TestServer }): TestedDatabase {
  const databases = new Map<string, Promise<string>>();
  let migrated: Promise<string> | undefined;
  const makeMigrated = async () => {
    const url = await of.server.newDatabase();
    await postgresUp(settingsFor(url), { kind: 'system', name: 'tests', from: 'tests' });
    return url;
  };
  const newDatabase = async () => {
    migrated ??= makeMigrated();
    return of.server.newDatabase(await migrated);
  };
  const urlOf = (dataDir: string): Promise<string> => {
    const url = databases.get(dataDir) ?? newDatabase();
    databases.set(dataDir, url);
    return url;
  };
  return {
    kind: 'postgres',
    chain: 'ledger:tested',
    base: SPAN,
    open: async (options) =>
      openStore({ node: 'tested', ...options, postgres: settingsFor(await urlOf(options.dataDir)) }),
    async tamper(dataDir, statements) {
      await of.server.query(await urlOf(dataDir), statements.join(';'));
    },
    dump: async (dataDir) => dumpOf(of.server, await urlOf(dataDir)),
  };
}

/** Every table of a database, those of the queue too, each with all of its rows as text. */
export async function dumpOf(server: TestServer, url: string): Promise<Readonly<Record<string, string>>> {
  const named = await server.query(
    url,
    `select format('%I.%I', schemaname, tablename) as name from pg_tables
      where schemaname not in ('pg_catalog', 'information_schema')`,
  );
  const all = await dumpWith(
    named.map(({ name }) => String(name)),
    (text) => server.query(url, text),
  );
  return Object.fromEntries(Object.entries(all).map(([name, rows]) => [name.replace(/^public\./, ''), rows]));
}
