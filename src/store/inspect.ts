import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Fault, type UsageError } from '../errors.ts';
import { databaseName } from './backend.ts';
import { storeFault } from './database.ts';
import { keyringFromFile, keyringFromText } from './keyring.ts';
import { schemaAge } from './migrations.ts';
import { type Connection, openConnection } from './sqlite.ts';

/** What was found out about a database without changing it. */
export interface DatabaseFindings {
  /** Bytes of the file, without its write-ahead log. */
  readonly bytes: number;
  /** What SQLite's own checks found wrong, at most 20 lines; empty: nothing. */
  readonly problems: readonly string[];
  /** Which version of livestill wrote the tables, compared with this one. */
  readonly age: 'current' | 'older' | 'newer';
  readonly apps: number;
  readonly ledgerRows: number;
  /** When the newest row of the ledger was written; null where there is none. */
  readonly newestRowAt: Date | null;
  /** Why the SecretKeys cannot be decrypted; null where the master keys at hand fit. */
  readonly masterKeyFault: Fault | UsageError | null;
}

/** How long a service that writes may hold the inspection up, in ms. */
const lockWaitMs = 5000;
const mostProblems = 20;

/**
 * Looks a database over without changing it, also while a service works with it: SQLite's `integrity_check` and
 * `foreign_key_check` (https://www.sqlite.org/pragma.html#pragma_integrity_check), the age of its tables, whether the master
 * keys fit. Reads the whole file on the calling thread.
 *
 * @param masterKey as in `StoreOptions`
 * @throws Fault 107 (`store_missing`, `store_corrupt`, `store_unopenable`, `store_locked`, …)
 */
export function inspectDatabase(dataDir: string, masterKey: string | null): DatabaseFindings {
  const path = join(dataDir, databaseName);
  if (!existsSync(path)) throw new Fault(107, 'store_missing', `${path} is missing`);
  let connection: Connection | undefined;
  try {
    connection = openConnection(path, lockWaitMs);
    connection.script('PRAGMA query_only=ON');
    return lookOver(connection, dataDir, masterKey);
  } catch (error) {
    throw storeFault(107, error);
  } finally {
    connection?.close();
  }
}

function lookOver(connection: Connection, dataDir: string, masterKey: string | null): DatabaseFindings {
  const column = (sql: string): unknown[] =>
    connection.execute(sql, []).rows.map((row) => Object.values(row)[0]);
  const found = column(`PRAGMA integrity_check(${mostProblems})`).map(String);
  const dangling = column('PRAGMA foreign_key_check');
  const problems = found.length === 1 && found[0] === 'ok' ? [] : found;
  if (dangling.length > 0) problems.push(`${dangling.length} rows point to rows that are not there`);
  const has = (table: string) =>
    column(`SELECT name FROM sqlite_schema WHERE type = 'table' AND name = '${table}'`).length > 0;
  if (!has('kysely_migration') || !has('ledger') || !has('secret')) {
    throw new Fault(107, 'store_corrupt', 'the database lacks the tables of livestill');
  }
  const newest = column('SELECT max(at) FROM ledger')[0];
  return {
    bytes: statSync(join(dataDir, databaseName)).size,
    problems,
    age: schemaAge(column('SELECT name FROM kysely_migration').map(String)),
    apps: Number(column('SELECT count(*) FROM app')[0]),
    ledgerRows: Number(column('SELECT count(*) FROM ledger')[0]),
    newestRowAt: typeof newest === 'number' ? new Date(newest) : null,
    masterKeyFault: masterKeyFault(
      column('SELECT DISTINCT key_id FROM secret').map(String),
      dataDir,
      masterKey,
    ),
  };
}

function masterKeyFault(used: readonly string[], dataDir: string, masterKey: string | null) {
  try {
    const keys = masterKey === null ? keyringFromFile(dataDir, false) : keyringFromText(masterKey);
    const missing = used.filter((id) => keys.find(id) === null);
    if (missing.length === 0) return null;
    const names = missing.join(', ');
    return new Fault(
      107,
      'master_key_wrong',
      `the SecretKeys are encrypted under the master key ${names}, but ${keys.newest.id} is at hand`,
    );
  } catch (error) {
    return storeFault(107, error);
  }
}
