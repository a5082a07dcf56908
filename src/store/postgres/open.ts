import { resolve } from 'node:path';
import { UsageError } from '../../faults.ts';
import type { ChainName } from '../../ledger/checkpoint.ts';
import type { StoreCall } from '../../ledger/store-health.ts';
import { changesBy, type NoteChange } from '../core/admin-log.ts';
import {
  assemble,
  type Backend,
  type BackendEvents,
  type BackendOptions,
  UNKNOWN_ACTOR,
} from '../core/backend.ts';
import { makeDataFolder } from '../core/data-folder.ts';
import { changeAccounts, type StoreDatabase } from '../core/database.ts';
import type { Shared } from '../core/facade.ts';
import { openAuditKey } from '../core/keys/audit-key.ts';
import { encryptingKey } from '../core/keys/key-in-use.ts';
import { openKeyring } from '../core/keys/open-keyring.ts';
import { CLOCK_KEY } from '../core/meta.ts';
import type { MigratedSteps } from '../core/migrated.ts';
import { createPermits } from '../core/permits.ts';
import type { PostgresSettings } from '../core/postgres-settings.ts';
import { createBatches } from './batches/batches.ts';
import { BATCH_ERASING } from './batches/erase.ts';
import { findEnd } from './chain-end.ts';
import { createDatabase } from './database.ts';
import { storeFault } from './faults.ts';
import { openHandles } from './handles.ts';
import { type NodeName, takeNodeName } from './node-name.ts';
import { createPermitTable } from './permits.ts';
import { createRates } from './rates.ts';

/**
 * Open a store on a PostgreSQL server. The data folder holds the keys and the node's name.
 * @throws {UsageError} `store_url`, `store_ca`, `node_name`
 * @throws {Fault} `accounts_unavailable` `store_unreachable`, `store_older`, `master_key_…`, …
 */
export async function openBackend(
  options: BackendOptions & { readonly postgres: PostgresSettings },
  events: BackendEvents,
): Promise<{ readonly backend: Backend; readonly shared: Shared }> {
  const { dataDir, postgres: settings, sync = 'full', node } = options;
  let database: StoreDatabase | undefined;
  let taken: NodeName | undefined;
  try {
    makeDataFolder(resolve(dataDir));
    const { onTrouble } = events;
    taken = await takeNodeName({ dataDir, given: node, settings, onTrouble });
    const { name, release } = taken;
    const { db, migrated, connections } = await openHandles({
      settings,
      name: `livestill ${name}`,
      sync,
      onTrouble,
    });
    const listeners: ((call: StoreCall) => void)[] = [];
    database = createDatabase(db, (call) => {
      for (const heard of listeners) heard(call);
    });
    const health = {
      node: name,
      connections,
      listen: (heard: (call: StoreCall) => void) => void listeners.push(heard),
    };
    const keyring = await openKeyring(database, options);
    // The first one says which key is in use, so that a node with another one is refused at its start.
    await changeAccounts(database, (change) => encryptingKey(change, keyring));
    const auditKey = openAuditKey(dataDir, options.auditKey);
    const note = changesBy(options.actor ?? UNKNOWN_ACTOR, findEnd);
    if (migrated !== null && migrated.from !== '') await noteMigration(database, note, migrated, events);
    const chainName: ChainName = `ledger:${name}`;
    const chain = { name: () => chainName, findEnd };
    const backend = assemble(
      {
        database,
        keyring,
        auditKey,
        note,
        noteOf: (actor) => changesBy(actor, findEnd),
        options,
        chain,
        batchErasing: BATCH_ERASING,
        clock: `${CLOCK_KEY}:${name}`,
        dropOldCopies: async () => 0,
      },
      events,
    );
    const permits = createPermits(createPermitTable(database), events.onTrouble);
    const batches = createBatches(database, chain);
    const close = async () => {
      await backend.close();
      await release();
    };
    return {
      backend: { ...backend, close },
      shared: { rates: createRates(database), permits, batches, health, close: permits.close },
    };
  } catch (error) {
    await database?.close();
    await taken?.release();
    throw error instanceof UsageError ? error : storeFault('accounts_unavailable', error);
  }
}

async function noteMigration(
  database: StoreDatabase,
  note: NoteChange,
  steps: MigratedSteps,
  { onMigrated }: BackendEvents,
): Promise<void> {
  const after = { ...steps, backup: null };
  await database.write('state_unavailable', (db) =>
    note(db, { action: 'store.migrate', target: '', before: null, after }),
  );
  onMigrated?.(after);
}
