import { onTestFinished } from 'vitest';
import type { PostgresSettings } from '../../core/postgres-settings.ts';
import { openStore } from '../../open.ts';
import { type OpenStore, temporaryFolder } from '../../test-support/temp-store.ts';
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

/** Opens stores on a server; each data folder has a database of its own. */
export function storesOn(of: { readonly server: TestServer }): OpenStore {
  const databases = new Map<string, string>();
  return async (options = {}) => {
    const dataDir = options.dataDir ?? (await temporaryFolder());
    const url = databases.get(dataDir) ?? (await of.server.newDatabase());
    databases.set(dataDir, url);
    const store = await openStore({ ...options, dataDir, postgres: settingsFor(url) });
    onTestFinished(() => store.close());
    return store;
  };
}
