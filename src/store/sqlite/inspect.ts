import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Fault, type UsageError } from '../../faults.ts';
import type { RecordClock } from '../../ledger/types.ts';
import { count } from '../../report/count.ts';
import { keyringFromFile, keyringFromText } from '../core/keys/keyring.ts';
import { CLOCK_KEY, parseClock } from '../core/meta.ts';
import { type Connection, openConnection } from './connection.ts';
import { DATABASE_FILE } from './database.ts';
import { storeFault } from './faults.ts';
import { forgetDead, OPEN_MARKS, WITHOUT_LOG_KEY } from './in-use.ts';
import { schemaAge } from './migrations.ts';

/** What was found out about a database without changing a row of it. */
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
  /** Names of the master keys that SecretKeys are encrypted under. */
  readonly masterKeys: readonly string[];
  /**
   * `now`: the file says that it is in use, and has no write-ahead log beside it: it is a copy that lacks the
   * newest rows, unless SQLite's own backup made it. A time: it was opened in that state then. null: nothing
   * speaks for it.
   */
  readonly withoutLog: 'now' | Date | null;
  readonly clock: RecordClock | null;
  /** Why the SecretKeys cannot be decrypted; null where the master keys at hand fit. */
  readonly masterKeyFault: Fault | UsageError | null;
}

/** How long a service that writes may hold the inspection up, in ms. */
const LOCK_WAIT_MS = 5000;
const MOST_PROBLEMS = 20;

/**
 * Looks a database over without changing a row, also while a service works with it: SQLite's
 * `integrity_check` and `foreign_key_check` (https://www.sqlite.org/pragma.html#pragma_integrity_check), the
 * age of its tables, whether the master keys fit. Reads the whole file on the calling thread.
 *
 * @param masterKey as in `StoreOptions`
 * @throws {Fault} `accounts_unavailable` (`store_missing`, `store_corrupt`, `store_unopenable`,
 * `store_locked`, …)
 */
export function inspectDatabase(dataDir: string, masterKey: string | null): DatabaseFindings {
  const path = join(dataDir, DATABASE_FILE);
  if (!existsSync(path)) throw new Fault('accounts_unavailable', 'store_missing', `${path} is missing`);
  const began = new Date();
  forgetDead(path);
  const hasLog = existsSync(`${path}-wal`);
  let connection: Connection | undefined;
  try {
    connection = openConnection(path, LOCK_WAIT_MS);
    connection.script('PRAGMA query_only=ON');
    const column = columnOf(connection);
    const found = lookOver(column, dataDir, masterKey);
    return { ...found, ...metaOf(column, hasLog, began) };
  } catch (error) {
    throw storeFault('accounts_unavailable', error);
  } finally {
    connection?.close();
  }
}

/** The first column of a query's rows. */
export type Column = (sql: string) => readonly unknown[];

/** Reads single columns on a connection. */
export function columnOf(connection: Connection): Column {
  return (sql) => connection.execute(sql, []).rows.map((row) => Object.values(row)[0]);
}

/** SQLite's own checks of every page and every reference; empty: nothing is wrong. */
export function checkTables(column: Column): readonly string[] {
  const found = column(`PRAGMA integrity_check(${MOST_PROBLEMS})`).map(String);
  const dangling = column('PRAGMA foreign_key_check');
  const problems = found.length === 1 && found[0] === 'ok' ? [] : found;
  return dangling.length === 0
    ? problems
    : [
        ...problems,
        `${count(dangling.length, 'row')} ${dangling.length === 1 ? 'points to a row that is' : 'point to rows that are'} not there`,
      ];
}

function metaOf(
  column: Column,
  hasLog: boolean,
  began: Date,
): Pick<DatabaseFindings, 'withoutLog' | 'clock'> {
  const value = (where: string) => column(`SELECT value FROM meta WHERE ${where} ORDER BY value`)[0];
  const inUseSince = value(OPEN_MARKS);
  const opened = value(`key = '${WITHOUT_LOG_KEY}'`);
  const clock = value(`key = '${CLOCK_KEY}'`);
  return {
    // Who opened it while this looks makes a log of its own.
    withoutLog:
      !hasLog && inUseSince !== undefined && String(inUseSince) < began.toISOString()
        ? 'now'
        : opened === undefined
          ? null
          : new Date(String(opened)),
    clock: clock === undefined ? null : parseClock(String(clock)),
  };
}

function lookOver(
  column: Column,
  dataDir: string,
  masterKey: string | null,
): Omit<DatabaseFindings, 'withoutLog' | 'clock'> {
  const problems = checkTables(column);
  const has = (table: string) =>
    column(`SELECT name FROM sqlite_schema WHERE type = 'table' AND name = '${table}'`).length > 0;
  if (!has('kysely_migration') || !has('ledger') || !has('secret')) {
    throw new Fault('accounts_unavailable', 'store_corrupt', 'the database lacks the tables of livestill');
  }
  const masterKeys = column('SELECT DISTINCT key_id FROM secret').map(String);
  const newest = column('SELECT max(at) FROM ledger')[0];
  return {
    bytes: statSync(join(dataDir, DATABASE_FILE)).size,
    problems,
    age: schemaAge(column('SELECT name FROM kysely_migration').map(String)),
    apps: Number(column('SELECT count(*) FROM app')[0]),
    ledgerRows: Number(column('SELECT count(*) FROM ledger')[0]),
    newestRowAt: typeof newest === 'number' ? new Date(newest) : null,
    masterKeys,
    masterKeyFault: masterKeyFault(masterKeys, dataDir, masterKey),
  };
}

function masterKeyFault(used: readonly string[], dataDir: string, masterKey: string | null) {
  try {
    const keys = masterKey === null ? keyringFromFile(dataDir, false) : keyringFromText(masterKey);
    const missing = used.filter((id) => keys.find(id) === null);
    if (missing.length === 0) return null;
    const names = missing.join(', ');
    return new Fault(
      'accounts_unavailable',
      'master_key_wrong',
      `the SecretKeys are encrypted under the master key ${names}, but ${keys.newest.id} is at hand`,
    );
  } catch (error) {
    return storeFault('accounts_unavailable', error);
  }
}
