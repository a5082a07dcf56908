import { existsSync } from 'node:fs';
import { UsageError } from '../../../faults.ts';
import { type Connection, openConnection, sqliteCode } from '../connection.ts';
import { storeFault } from '../faults.ts';

/**
 * The database, locked against every other process until the connection is closed, and its write-ahead log
 * taken into it. Null where it is so damaged that this cannot be done, and the caller said to go on.
 * @throws {UsageError} `service_running`, `database_damaged`
 */
export function lockAlone(path: string, overDamaged: boolean): Connection | null {
  const connection = openConnection(path, 500);
  try {
    // Only where nobody else has it open does SQLite let the journal be changed.
    connection.script('PRAGMA journal_mode=DELETE');
    connection.script('BEGIN EXCLUSIVE');
    if (existsSync(`${path}-wal`)) throw Object.assign(new Error('opened again'), { code: 'SQLITE_BUSY' });
    return connection;
  } catch (cause) {
    connection.close();
    if (/^SQLITE_(BUSY|LOCKED)/.test(sqliteCode(cause))) {
      throw new UsageError(
        'service_running',
        `${path} is in use: stop the service (and every other livestill command on this folder), and restore again`,
        { cause },
      );
    }
    if (!/^SQLITE_(CORRUPT|NOTADB)/.test(sqliteCode(cause))) throw storeFault('accounts_unavailable', cause);
    if (overDamaged) return null;
    throw new UsageError(
      'database_damaged',
      `${path} is damaged (${(cause as Error).message}), so it cannot be told whether a service works on it: stop the service, and add --over-damaged`,
      { cause },
    );
  }
}
