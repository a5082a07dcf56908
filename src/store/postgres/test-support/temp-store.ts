import { SPAN } from '../../core/chain/names.ts';
import type { PostgresSettings } from '../../core/postgres-settings.ts';
import { openStore } from '../../open.ts';
import type { TestedDatabase } from '../../test-support/temp-store.ts';
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

/** PostgreSQL as the tests' database: each data folder has a database of its own on the server. */
export function postgresOn(of: { readonly server: TestServer }): TestedDatabase {
  const databases = new Map<string, Promise<string>>();
  const urlOf = (dataDir: string): Promise<string> => {
    const url = databases.get(dataDir) ?? of.server.newDatabase();
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
  };
}
