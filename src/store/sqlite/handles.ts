import { closeSync, existsSync, openSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Kysely } from 'kysely';
import { Fault } from '../../faults.ts';
import { AUDIT_KEY_FILE } from '../core/keys/audit-key.ts';
import type { MigratedSteps } from '../core/migrated.ts';
import type { Tables } from '../core/tables.ts';
import { openConnection } from './connection.ts';
import { LibsqlDialect } from './dialect.ts';
import { migrate } from './migrations.ts';

/** How the file is opened. */
export interface DatabaseOptions {
  readonly path: string;
  /**
   * Whether a missing file is made at the first opening. It is never made later: that would hide a lost one.
   */
  readonly create: boolean;
  readonly sync: 'full' | 'normal';
  readonly lockWaitMs: number;
  /**
   * Told when the connections were given up after trouble. They are opened anew, but the library lets go of
   * the old ones only when they are collected, and SQLite shares what it knows of a file (that it cannot be
   * written, for one) among all of a process: whoever can should end the thread.
   */
  readonly onDropped?: () => void;
  /** Asked before the tables of an older version are changed; what it throws keeps them as they are. */
  readonly beforeMigration?: (steps: MigratedSteps) => Promise<void>;
  /** Told once they are changed. */
  readonly onMigrated?: (steps: MigratedSteps) => void;
}

/** The two connections to the file. */
export interface Handles {
  readonly reader: Kysely<Tables>;
  readonly writer: Kysely<Tables>;
  /** Device and inode: tells whether the path still leads to the file that was opened. */
  readonly identity: string;
}

/** How long one attempt for a lock blocks the thread, in ms; between attempts other work goes on. */
const BUSY_MS = 10;

/** Device and inode of the file that a path leads to; null where it leads to none. */
export function identityOf(path: string): string | null {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? null : `${stat.dev}:${stat.ino}`;
}

/**
 * Opens the two connections to a file and brings its tables up to this version.
 * @throws {Fault} `accounts_unavailable` (`store_missing`, `store_corrupt`, `store_no_wal`,
 * `store_newer`)
 * @throws {Error} SQLite's own errors
 */
export async function openHandles(options: DatabaseOptions, mayCreate: boolean): Promise<Handles> {
  const { path, sync, lockWaitMs } = options;
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size === 0 && !mayCreate) {
    throw new Fault(
      'accounts_unavailable',
      'store_missing',
      `${path} is missing or empty: expected the database of a data folder made earlier`,
    );
  }
  refuseLost(path, size);
  createFile(path);
  const wait = { lockWaitMs };
  const write = openConnection(path, lockWaitMs);
  try {
    write.script('PRAGMA foreign_keys=ON; PRAGMA secure_delete=ON');
    const [journal] = write.execute('PRAGMA journal_mode=WAL', []).rows;
    if (!Object.values(journal ?? {}).includes('wal')) {
      throw new Fault(
        'accounts_unavailable',
        'store_no_wal',
        `the disk of ${path} cannot hold a write-ahead log: expected a local disk`,
      );
    }
    write.script(`PRAGMA synchronous=${sync === 'full' ? 'FULL' : 'NORMAL'}; PRAGMA busy_timeout=${BUSY_MS}`);
    const writer = new Kysely<Tables>({ dialect: new LibsqlDialect(write, wait) });
    const migrated = await migrate(writer, options.beforeMigration ?? (async () => {}));
    if (migrated !== null) options.onMigrated?.(migrated);
    const read = openConnection(path, BUSY_MS);
    read.script('PRAGMA query_only=ON');
    const reader = new Kysely<Tables>({ dialect: new LibsqlDialect(read, wait) });
    return { reader, writer, identity: identityOf(path)! };
  } catch (error) {
    write.close();
    throw error;
  }
}

/** A header of SQLite takes 100 bytes and its smallest page 512: what is shorter lost its content. */
const LEAST_BYTES = 512;

/**
 * Refuses what would be taken for a new database and is one that was lost: apps, keys and records would be
 * gone without a word. `audit.key` is made after the database, so a folder with it had one.
 */
function refuseLost(path: string, size: number): void {
  if (size > 0 && size < LEAST_BYTES) {
    throw new Fault(
      'accounts_unavailable',
      'store_corrupt',
      `${path} has ${size} bytes and is no SQLite database: put a backup back with "livestill restore"`,
    );
  }
  const key = join(dirname(path), AUDIT_KEY_FILE);
  if (size > 0 || !existsSync(key)) return;
  throw new Fault(
    'accounts_unavailable',
    'store_missing',
    `${path} is missing or empty, but ${key} is there: the folder had a database. Put a backup back with "livestill restore"; ` +
      'to begin without its apps, keys and records, take audit.key out of the folder',
  );
}

/** SQLite gives its side files the mode of the main one: the owner's alone. */
function createFile(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
