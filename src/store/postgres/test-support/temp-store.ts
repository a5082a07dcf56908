import { SPAN } from '../../core/chain/names.ts';
import { openStore } from '../../open.ts';
import { dumpWith, type TestedDatabase } from '../../test-support/temp-store.ts';
import type { TestServer } from './server.ts';
import { settingsFor } from './settings.ts';

/**
 * PostgreSQL as the tests' database: each data folder has a database of its own on the server, a copy of one
 * whose tables were made once.
 */
export function postgresOn(of: { readonly server: TestServer }): TestedDatabase {
  const databases = new Map<string, Promise<string>>();
  const urlOf = (dataDir: string): Promise<string> => {
    const url = databases.get(dataDir) ?? of.server.migratedDatabase();
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
