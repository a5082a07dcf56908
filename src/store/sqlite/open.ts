import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { UsageError } from '../../faults.ts';
import { changesBy } from '../core/admin-log.ts';
import {
  assemble,
  type Backend,
  type BackendEvents,
  type BackendOptions,
  UNKNOWN_ACTOR,
} from '../core/backend.ts';
import { makeDataFolder } from '../core/data-folder.ts';
import { openAuditKey } from '../core/keys/audit-key.ts';
import { openKeyring } from '../core/keys/open-keyring.ts';
import { CLOCK_KEY, getMeta } from '../core/meta.ts';
import type { Migrated, MigratedSteps } from '../core/migrated.ts';
import { copyBeforeMigration, dropOldCopies } from './backup/migration-copy.ts';
import { findEnd } from './chain-end.ts';
import { sqliteLibrary } from './connection.ts';
import { createDatabase, DATABASE_FILE } from './database.ts';
import { storeFault } from './faults.ts';
import { markOpen, type OpenMark, WITHOUT_LOG_KEY } from './in-use.ts';
import { noteOpening } from './opening-notes.ts';

/**
 * Open the data folder in this thread.
 * @throws {UsageError} `data_missing`
 * @throws {Fault} `accounts_unavailable` (`master_key_…`, `store_…`)
 */
export async function openBackend(options: BackendOptions, events: BackendEvents): Promise<Backend> {
  const { dataDir, create = true, sync = 'full', lockWaitMs = 3000 } = options;
  const path = join(dataDir, DATABASE_FILE);
  if (!create && !existsSync(path)) {
    throw new UsageError(
      'data_missing',
      `${resolve(dataDir)} is not a livestill data folder: expected ${DATABASE_FILE} in it. ` +
        '"livestill serve" or "livestill app create" makes one.',
    );
  }
  const migration = migrating(options, events);
  // Before anything is made in the folder: an empty file would be taken for a database that lost its content.
  needLibrary();
  const database = createDatabase({
    path,
    create,
    sync,
    lockWaitMs,
    ...(events.onBroken === undefined ? {} : { onDropped: events.onBroken }),
    ...migration.hooks,
  });
  const opened = new Date();
  let mark: OpenMark | undefined;
  try {
    if (create) makeDataFolder(resolve(dataDir));
    mark = markOpen(path, opened);
    await database.open().finally(mark.settle);
    const keyring = await openKeyring(database, options);
    const withoutLog = await database.read('accounts_unavailable', (db) => getMeta(db, WITHOUT_LOG_KEY));
    if (withoutLog === opened.toISOString()) events.onTrouble(openedWithoutLog(path));
    const auditKey = openAuditKey(dataDir, options.auditKey);
    const note = changesBy(options.actor ?? UNKNOWN_ACTOR, findEnd);
    await noteOpening(database, auditKey, note, migration.done());
    const backend = assemble(
      {
        database,
        keyring,
        auditKey,
        note,
        noteOf: (actor) => changesBy(actor, findEnd),
        options,
        chain: { name: () => 'ledger', findEnd },
        clock: CLOCK_KEY,
        dropOldCopies: async (before) => dropOldCopies(dataDir, before),
      },
      events,
    );
    return {
      ...backend,
      async close() {
        await backend.close();
        mark?.clear();
      },
    };
  } catch (error) {
    await database.close();
    mark?.clear();
    throw storeFault('accounts_unavailable', error);
  }
}

function needLibrary(): void {
  try {
    sqliteLibrary();
  } catch (error) {
    throw storeFault('accounts_unavailable', error);
  }
}

/** The backup before a migration, and word of it. */
function migrating({ dataDir, migrationBackups = 3 }: BackendOptions, events: BackendEvents) {
  let backup: string | null = null;
  let done: Migrated | null = null;
  const hooks = {
    async beforeMigration(steps: MigratedSteps): Promise<void> {
      events.onMigrating?.();
      if (migrationBackups > 0) {
        backup = await copyBeforeMigration(dataDir, steps, migrationBackups, new Date());
      }
    },
    onMigrated(steps: MigratedSteps): void {
      done = { ...steps, backup };
      events.onMigrated?.(done);
    },
  };
  return { hooks, done: (): Migrated | null => done };
}

const openedWithoutLog = (path: string): Error =>
  new Error(
    `${path} was in use when it was last written, but its write-ahead log is missing: if it was copied without it, the newest rows are lost; ` +
      'put a backup back with "livestill restore"',
  );
