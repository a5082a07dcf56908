import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../faults.ts';
import type { Actor } from '../ledger/admin.ts';
import { changesBy } from './core/admin-log.ts';
import type { PostgresSettings } from './core/postgres-settings.ts';
import { findEnd } from './postgres/chain-end.ts';
import { storeFault } from './postgres/faults.ts';
import { withPatience } from './postgres/handles.ts';
import { migrateDown, migrateUp, type SchemaState, schemaState } from './postgres/migrations.ts';
import { openConnection } from './sqlite/connection.ts';
import { DATABASE_FILE } from './sqlite/database.ts';
import { storeFault as sqliteFault } from './sqlite/faults.ts';
import { schemaAge, MIGRATIONS as sqliteSteps } from './sqlite/migrations.ts';

export type { SchemaState } from './postgres/migrations.ts';

const NAME = 'livestill migrate';
const onTrouble = (): void => {};

/**
 * How the tables of a PostgreSQL database compare with this version.
 * @throws {UsageError} `store_url`, `store_ca`
 * @throws {Fault} `accounts_unavailable` (`store_…`)
 */
export function postgresSchema(settings: PostgresSettings): Promise<SchemaState> {
  return asFault(() => withPatience({ settings, name: NAME, onTrouble }, schemaState));
}

/**
 * Brings the tables of a PostgreSQL database up to this version, under a lock; the steps made. No key is
 * needed.
 * @throws {UsageError} `store_url`, `store_ca`
 * @throws {Fault} `accounts_unavailable` (`store_…`)
 */
export function postgresUp(settings: PostgresSettings, actor: Actor): Promise<readonly string[]> {
  return asFault(() =>
    withPatience({ settings, name: NAME, onTrouble }, async (db) => {
      const migrated = await migrateUp(db);
      // Of tables that were made new there is nothing to be said.
      if (migrated === null || migrated.from === '') return migrated?.steps ?? [];
      await db.transaction().execute((change) =>
        changesBy(actor, findEnd)(change, {
          action: 'store.migrate',
          target: '',
          before: null,
          after: migrated,
        }),
      );
      return migrated.steps;
    }),
  );
}

/**
 * Takes the tables of a PostgreSQL database back; the steps undone. What they held is lost.
 * @throws {UsageError} `step_unknown`, `step_newer`, `store_url`, `store_ca`
 * @throws {Fault} `accounts_unavailable` (`store_…`)
 */
export function postgresDown(settings: PostgresSettings, to: string): Promise<readonly string[]> {
  return asFault(() => withPatience({ settings, name: NAME, onTrouble }, (db) => migrateDown(db, to)));
}

async function asFault<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw storeFault('accounts_unavailable', error);
  }
}

/**
 * How the tables of a data folder's SQLite file compare with this version.
 * @throws {UsageError} `data_missing`
 * @throws {Fault} `accounts_unavailable` (`store_…`)
 */
export function sqliteSchema(dataDir: string): SchemaState {
  const path = join(dataDir, DATABASE_FILE);
  if (!existsSync(path)) throw new UsageError('data_missing', `${path} is missing`);
  const connection = openConnection(path, 5000);
  try {
    connection.script('PRAGMA query_only=ON');
    const done = connection
      .execute('SELECT name FROM kysely_migration ORDER BY name', [])
      .rows.map((row) => String(row.name));
    const known = Object.keys(sqliteSteps).sort();
    return {
      done,
      missing: known.filter((step) => !done.includes(step)),
      unknown: done.filter((step) => !known.includes(step)),
      isUsable: schemaAge(done) === 'current',
    };
  } catch (error) {
    throw sqliteFault('accounts_unavailable', error);
  } finally {
    connection.close();
  }
}
