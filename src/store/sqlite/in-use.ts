import { randomBytes } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { type Connection, openConnection } from './connection.ts';

const PREFIX = 'open:';
/** Which rows of `meta` say that a process has the database open: SQL for a WHERE. */
export const OPEN_MARKS = `key >= '${PREFIX}' AND key < 'open;'`;
/** How long a script waits for a lock, blocking the thread, in ms. */
const BUSY_MS = 2000;
/**
 * Under this key in `meta` stands when a database was opened that had been in use and lacked its write-ahead
 * log.
 */
export const WITHOUT_LOG_KEY = 'opened_without_log';

/** One process's word that it has the database open. */
export interface OpenMark {
  /**
   * Once the database is open: puts it there after all where there was none, or others had it open; and into
   * the file itself.
   */
  settle(): void;
  /** Takes it back: at the end, before the database is closed. */
  clear(): void;
}

/**
 * Says in the database's own file that it is in use, before it is opened, and forgets what processes that
 * died had said. A file that is copied without its write-ahead log still says so afterwards: that is how such
 * a copy is found out. SQLite itself deletes the log when the last one closes, and whoever closes takes its
 * word back before.
 *
 * Nothing here fails: where the mark cannot be written, a copy is not found out.
 */
export function markOpen(path: string, now: Date): OpenMark {
  const key = `${PREFIX}${randomBytes(8).toString('hex')}`;
  const put = `INSERT OR REPLACE INTO meta VALUES ('${key}', '${now.toISOString()}')`;
  const held = whereAlone(path, (hadLog) => {
    const found = hadLog
      ? ''
      : `INSERT OR REPLACE INTO meta SELECT '${WITHOUT_LOG_KEY}', '${now.toISOString()}'
           WHERE EXISTS (SELECT 1 FROM meta WHERE ${OPEN_MARKS} AND value < '${now.toISOString()}');`;
    // The log is there again before anybody else can look, and stays while this connection is held.
    return `BEGIN IMMEDIATE; ${found} DELETE FROM meta WHERE ${OPEN_MARKS}; ${put}; COMMIT;
      PRAGMA journal_mode=WAL; SELECT count(*) FROM meta;`;
  });
  return {
    settle() {
      if (held === null)
        run(path, `BEGIN IMMEDIATE; ${put}; COMMIT; PRAGMA wal_checkpoint(PASSIVE)`)?.close();
      held?.close();
    },
    clear: () => run(path, `BEGIN IMMEDIATE; DELETE FROM meta WHERE key = '${key}'; COMMIT`)?.close(),
  };
}

/**
 * Forgets what processes that died had said, where the log they left is there: who looks at the database and
 * closes it as the last one takes the log away. Nothing is done where others have it open, or where the log
 * is missing already.
 */
export function forgetDead(path: string): void {
  whereAlone(path, (hadLog) =>
    hadLog ? `BEGIN IMMEDIATE; DELETE FROM meta WHERE ${OPEN_MARKS}; COMMIT` : '',
  )?.close();
}

/**
 * Runs a script where no other connection has the database open: its write-ahead log is then taken into the
 * file, and it has none.
 */
function whereAlone(path: string, work: (hadLog: boolean) => string): Connection | null {
  const hadLog = existsSync(`${path}-wal`);
  return run(path, `PRAGMA journal_mode=DELETE; ${work(hadLog)}`, 0);
}

/**
 * Scripts alone: a prepared statement would keep the connection open behind our back.
 * @returns the connection, still open; null where there is no database, others hold it up, or the script
 * failed
 */
function run(path: string, script: string, waitMs = BUSY_MS): Connection | null {
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) === 0) return null;
  let connection: Connection | undefined;
  try {
    connection = openConnection(path, waitMs);
    connection.script(script);
    return connection;
  } catch {
    // Whatever is wrong is told by the opening itself.
    connection?.close();
    return null;
  }
}
