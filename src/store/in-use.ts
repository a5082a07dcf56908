import { randomBytes } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { type Connection, openConnection } from './sqlite.ts';

const prefix = 'open:';
/** Which rows of `meta` say that a process has the database open: SQL for a WHERE. */
export const openMarks = `key >= '${prefix}' AND key < 'open;'`;
/** Under this key in `meta` stands when a database was opened that had been in use and lacked its write-ahead log. */
export const withoutLogKey = 'opened_without_log';

/**
 * Says in the database's own file that it is in use, before it is opened, and forgets what processes that died had said. A file that is copied
 * without its write-ahead log still says so afterwards: that is how such a copy is found out. SQLite itself deletes the log when the last
 * one closes, and whoever closes takes its word back before.
 *
 * Where other processes have the file open, or there is none yet, nothing is done.
 *
 * @returns the mark to take back at the end (`key` in `meta`), and whether it stands there already
 */
export function markOpen(path: string, now: Date): { readonly key: string; readonly isThere: boolean } {
  const key = `${prefix}${randomBytes(8).toString('hex')}`;
  const isThere = aloneWith(path, (alone, hadLog) => {
    const found = hadLog
      ? ''
      : `INSERT OR REPLACE INTO meta SELECT '${withoutLogKey}', '${now.toISOString()}'
           WHERE EXISTS (SELECT 1 FROM meta WHERE ${openMarks} AND value < '${now.toISOString()}');`;
    alone.script(`BEGIN IMMEDIATE; ${found} DELETE FROM meta WHERE ${openMarks};
      INSERT INTO meta VALUES ('${key}', '${now.toISOString()}'); COMMIT;`);
  });
  return { key, isThere };
}

/**
 * Works on the database where no other connection has it open: its write-ahead log is then taken into the file, and it has none.
 * @returns false where others have it open, it cannot be opened, or the work failed
 */
function aloneWith(path: string, work: (alone: Connection, hadLog: boolean) => void): boolean {
  const hadLog = existsSync(`${path}-wal`);
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) === 0) return false;
  let connection: Connection | undefined;
  try {
    // Scripts alone: a prepared statement would keep the connection open behind our back.
    connection = openConnection(path, 0);
    connection.script('PRAGMA journal_mode=DELETE');
    work(connection, hadLog);
    return true;
  } catch {
    // Whatever is wrong is told by the opening that follows.
    return false;
  } finally {
    connection?.close();
  }
}
