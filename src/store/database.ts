import { closeSync, openSync, statSync } from 'node:fs';
import { Kysely, sql, type Transaction } from 'kysely';
import { Fault, type FaultReason, UsageError } from '../faults.ts';
import { NativeLibraryError } from '../native-library.ts';
import { LibsqlDialect } from './dialect.ts';
import { type MigratedSteps, migrate } from './migrations.ts';
import { openConnection, sqliteCode } from './sqlite.ts';
import type { Tables } from './tables.ts';

/** The database's file in the data folder. */
export const databaseFile = 'livestill.sqlite';

/** Which part of the store does not answer: the accounts; or the memory of signatures, the limits and the ledger. */
export type StoreKind = 'accounts_unavailable' | 'state_unavailable';

/** A change to the tables. May be run again from the start when another one in the same transaction failed. */
export type Change<T> = (db: Transaction<Tables>) => Promise<T>;

/** The SQLite file, opened again by itself after trouble. */
export interface StoreDatabase {
  /** Open the file now rather than at the first call. */
  open(): Promise<void>;
  /** Run a query on the reading connection, which no writer holds up. */
  read<T>(kind: StoreKind, query: (db: Kysely<Tables>) => Promise<T>): Promise<T>;
  /**
   * Run a change and resolve once it is on disk. Changes that wait together share one transaction and one sync (group
   * commit); one that fails is undone alone.
   */
  write<T>(kind: StoreKind, change: Change<T>): Promise<T>;
  /**
   * Move everything from the write-ahead log into the file and empty the log, so that it no longer holds what was deleted.
   * @throws Fault (`store_locked`) when a reader kept the log in use
   */
  truncateLog(kind: StoreKind): Promise<void>;
  close(): Promise<void>;
}

/** How the file is opened. */
export interface DatabaseOptions {
  readonly path: string;
  /** Whether a missing file is made at the first opening. It is never made later: that would hide a lost one. */
  readonly create: boolean;
  readonly sync: 'full' | 'normal';
  readonly lockWaitMs: number;
  /**
   * Told when the connections were given up after trouble. They are opened anew, but the library lets go of the old ones only
   * when they are collected, and SQLite shares what it knows of a file (that it cannot be written, for one) among all of a
   * process: whoever can should end the thread.
   */
  readonly onDropped?: () => void;
  /** Asked before the tables of an older version are changed; what it throws keeps them as they are. */
  readonly beforeMigration?: (steps: MigratedSteps) => Promise<void>;
  /** Told once they are changed. */
  readonly onMigrated?: (steps: MigratedSteps) => void;
}

interface Handles {
  readonly reader: Kysely<Tables>;
  readonly writer: Kysely<Tables>;
  /** Device and inode: tells whether the path still leads to the file that was opened. */
  readonly identity: string;
}

interface Waiting {
  readonly kind: StoreKind;
  readonly change: Change<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** How long one attempt for a lock blocks the thread, in ms; between attempts other work goes on. */
const busyMs = 10;
/** Most changes in one transaction. */
const batchSize = 256;
/** Most changes that wait; more are refused at once. */
const longestQueue = 10_000;

const reasons: readonly (readonly [prefix: string, reason: `store_${string}`, text: string])[] = [
  ['SQLITE_BUSY', 'store_locked', 'another process holds the lock on the data folder'],
  ['SQLITE_LOCKED', 'store_locked', 'another connection holds the lock on the data folder'],
  ['SQLITE_FULL', 'store_full', 'the disk of the data folder is full'],
  ['SQLITE_READONLY', 'store_readonly', 'the data folder cannot be written'],
  ['SQLITE_IOERR', 'store_io', 'the disk of the data folder answers with errors'],
  ['SQLITE_CORRUPT', 'store_corrupt', 'the database file is damaged: restore a copy'],
  ['SQLITE_NOTADB', 'store_corrupt', 'the database file is not a SQLite database: restore a copy'],
  ['SQLITE_CANTOPEN', 'store_unopenable', 'the database file cannot be opened'],
];

/** A failed call as a fault: which store, and why. Faults and usage errors stay what they are. */
export function storeFault(kind: StoreKind, error: unknown): Fault | UsageError {
  if (error instanceof UsageError) return error;
  if (error instanceof Fault) return error.area === 'store' ? asKind(kind, error) : error;
  if (error instanceof NativeLibraryError)
    return new Fault(kind, 'store_library', error.message, { cause: error });
  const found = reasons.find(([prefix]) => sqliteCode(error).startsWith(prefix));
  const detail = error instanceof Error ? error.message : String(error);
  if (found === undefined)
    return new Fault(kind, 'store_error', `the store failed: ${detail}`, { cause: error });
  return new Fault(kind, found[1], `${found[2]} (${detail})`, { cause: error });
}

function asKind(kind: StoreKind, fault: Fault): Fault {
  if (fault.kind === kind) return fault;
  return new Fault(kind, fault.reason as FaultReason<StoreKind>, fault.message, { cause: fault });
}

/** After these the connection is as good as before; after every other error it is opened anew. */
function isHarmless(error: unknown): boolean {
  // At COMMIT this code says that a statement was left open, not that there is a lock.
  if (/statements in progress/.test((error as Error | null)?.message ?? '')) return false;
  return (
    error instanceof Fault ||
    error instanceof UsageError ||
    error instanceof TypeError ||
    /^SQLITE_(BUSY|LOCKED|FULL|CONSTRAINT)/.test(sqliteCode(error))
  );
}

export function createDatabase(options: DatabaseOptions): StoreDatabase {
  let opening: Promise<Handles> | null = null;
  let everOpened = false;
  let closed = false;
  let draining: Promise<void> | null = null;
  const queue: Waiting[] = [];

  async function handles(): Promise<Handles> {
    if (closed) throw new Fault('accounts_unavailable', 'store_closed', 'the store was closed');
    const identity = identityOf(options.path);
    if (opening !== null && identity !== (await opening).identity) {
      await drop();
    }
    if (opening === null) {
      const attempt = openHandles(options, options.create && !everOpened);
      opening = attempt;
      attempt.then(
        () => {
          everOpened = true;
        },
        () => {
          if (opening === attempt) opening = null;
        },
      );
    }
    return opening;
  }

  async function drop(): Promise<void> {
    const dropped = opening;
    opening = null;
    const { reader, writer } = (await dropped?.catch(() => null)) ?? {};
    await reader?.destroy().catch(() => {});
    await writer?.destroy().catch(() => {});
    if (dropped !== null && !closed) options.onDropped?.();
  }

  async function guarded<T>(work: (open: Handles) => Promise<T>): Promise<T> {
    try {
      return await work(await handles());
    } catch (error) {
      if (!isHarmless(error)) await drop();
      throw error;
    }
  }

  function commit(batch: readonly Waiting[]): Promise<readonly unknown[]> {
    return guarded(({ writer }) =>
      writer.transaction().execute(async (db) => {
        const results: unknown[] = [];
        for (const { change } of batch) results.push(await change(db));
        return results;
      }),
    );
  }

  async function settle(batch: readonly Waiting[]): Promise<void> {
    try {
      const results = await commit(batch);
      for (const [index, { resolve }] of batch.entries()) resolve(results[index]);
    } catch (error) {
      const onlyMine = batch.length === 1 || !concernsOneChange(error);
      if (!onlyMine) {
        for (const one of batch) await settle([one]);
        return;
      }
      for (const { kind, reject } of batch) reject(storeFault(kind, error));
    }
  }

  async function drain(): Promise<void> {
    while (queue.length > 0) {
      // One turn of the event loop lets everything that has arrived join the batch.
      await new Promise((resolve) => setImmediate(resolve));
      await settle(queue.splice(0, batchSize));
    }
    draining = null;
  }

  return {
    async open() {
      await handles();
    },
    async read(kind, query) {
      try {
        return await guarded(({ reader }) => query(reader));
      } catch (error) {
        throw storeFault(kind, error);
      }
    },
    write<T>(kind: StoreKind, change: Change<T>): Promise<T> {
      return new Promise<T>((resolve, reject) => {
        if (queue.length >= longestQueue) {
          reject(new Fault(kind, 'store_overloaded', `${longestQueue} changes wait for the disk already`));
          return;
        }
        queue.push({ kind, change, resolve: resolve as (value: unknown) => void, reject });
        draining ??= drain();
      });
    },
    async truncateLog(kind) {
      try {
        await guarded(({ writer }) => emptyLog(writer));
      } catch (error) {
        throw storeFault(kind, error);
      }
    },
    async close() {
      await draining;
      closed = true;
      await drop();
    },
  };
}

/** How often and how long apart, in ms, the log is tried to be emptied while readers use it. */
const logTries = 50;
const logPause = 100;

async function emptyLog(writer: Kysely<Tables>): Promise<void> {
  for (let tries = 0; tries < logTries; tries += 1) {
    const { rows } = await sql<{ readonly busy: number }>`pragma wal_checkpoint(truncate)`.execute(writer);
    if (rows[0]?.busy === 0) return;
    await new Promise((resolve) => setTimeout(resolve, logPause));
  }
  throw new Fault(
    'state_unavailable',
    'store_locked',
    'the write-ahead log is in use: another process reads from it all the time',
  );
}

/** Whether an error comes from one change rather than from the file, the disk or a lock. */
function concernsOneChange(error: unknown): boolean {
  if (error instanceof Fault) return error.reason !== 'store_closed' && error.reason !== 'store_missing';
  const code = sqliteCode(error);
  return code === '' || code.startsWith('SQLITE_CONSTRAINT') || code.startsWith('SQLITE_TOOBIG');
}

function identityOf(path: string): string | null {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? null : `${stat.dev}:${stat.ino}`;
}

async function openHandles(options: DatabaseOptions, mayCreate: boolean): Promise<Handles> {
  const { path, sync, lockWaitMs } = options;
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size === 0 && !mayCreate) {
    throw new Fault(
      'accounts_unavailable',
      'store_missing',
      `${path} is missing or empty: expected the database of a data folder made earlier`,
    );
  }
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
    write.script(`PRAGMA synchronous=${sync === 'full' ? 'FULL' : 'NORMAL'}; PRAGMA busy_timeout=${busyMs}`);
    const writer = new Kysely<Tables>({ dialect: new LibsqlDialect(write, wait) });
    const migrated = await migrate(writer, options.beforeMigration ?? (async () => {}));
    if (migrated !== null) options.onMigrated?.(migrated);
    const read = openConnection(path, busyMs);
    read.script('PRAGMA query_only=ON');
    const reader = new Kysely<Tables>({ dialect: new LibsqlDialect(read, wait) });
    return { reader, writer, identity: identityOf(path)! };
  } catch (error) {
    write.close();
    throw error;
  }
}

/** SQLite gives its side files the mode of the main one: the owner's alone. */
function createFile(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
