import { type Kysely, sql } from 'kysely';
import { Fault } from '../../faults.ts';
import type { MigratedSteps } from '../core/migrated.ts';
import type { PostgresSettings } from '../core/postgres-settings.ts';
import type { Tables } from '../core/tables.ts';
import { type CountedPool, openPool } from './connection.ts';
import { kyselyOver, openKysely } from './dialect.ts';
import { migrateUp, needUsable } from './migrations.ts';

/** How the database is opened. */
export interface DatabaseOptions {
  readonly settings: PostgresSettings;
  /** Shown by the server beside the connections. */
  readonly name: string;
  readonly sync: 'full' | 'normal';
  readonly onTrouble: (error: Error) => void;
}

/** The connections. */
export interface Handles {
  readonly db: Kysely<Tables>;
  readonly connections: CountedPool['connections'];
}

/** The oldest PostgreSQL that is supported, as the server counts its versions. */
const OLDEST_SERVER = 140_000;

/**
 * Opens the pool and sees to it that server and tables fit.
 * @returns the pool, and what was done to the tables
 * @throws {Fault} `accounts_unavailable` `store_older`, `store_newer`, `store_server_old`,
 * `store_not_durable`
 * @throws {UsageError} `store_url`, `store_ca`
 * @throws {Error} the server's own
 */
export async function openHandles(
  options: DatabaseOptions,
): Promise<Handles & { readonly migrated: MigratedSteps | null }> {
  const { settings, name, sync, onTrouble } = options;
  const pool = openPool({ settings, name, isDurable: sync === 'full', onTrouble });
  const db = kyselyOver(pool);
  try {
    await needServer(db, sync);
    const migrated = settings.migrateAtStart ? await withPatience(options, migrateUp) : null;
    await needUsable(db);
    return { db, migrated, connections: pool.connections };
  } catch (error) {
    await db.destroy();
    throw error;
  }
}

/** Some work on a single connection without time-outs. */
export async function withPatience<T>(
  { settings, name, onTrouble }: Pick<DatabaseOptions, 'settings' | 'name' | 'onTrouble'>,
  work: (db: Kysely<Tables>) => Promise<T>,
): Promise<T> {
  const db = openKysely({ settings, name, isDurable: true, isPatient: true, onTrouble });
  try {
    return await work(db);
  } finally {
    await db.destroy();
  }
}

async function needServer(db: Kysely<Tables>, sync: 'full' | 'normal'): Promise<void> {
  const { rows } = await sql<{ version: string; commit: string; encoding: string }>`
    select current_setting('server_version_num') as version, current_setting('synchronous_commit') as commit,
      current_setting('server_encoding') as encoding`.execute(db);
  const { version = '0', commit = '', encoding = '' } = rows[0] ?? {};
  if (Number(version) < OLDEST_SERVER) {
    throw new Fault(
      'accounts_unavailable',
      'store_server_old',
      `expected PostgreSQL 14 or later, found ${version}`,
    );
  }
  if (encoding !== 'UTF8') {
    throw new Fault(
      'accounts_unavailable',
      'store_encoding',
      `expected a database with the encoding UTF8, found ${encoding}`,
    );
  }
  if (sync === 'full' && commit === 'off') {
    throw new Fault(
      'accounts_unavailable',
      'store_not_durable',
      'the server has synchronous_commit = off, so that answered rows may be lost: turn it on for this database, or set ledger.sync to normal',
    );
  }
}
