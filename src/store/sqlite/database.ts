import { type Kysely, sql } from 'kysely';
import { Fault } from '../../faults.ts';
import type { Change, StoreDatabase, StoreKind } from '../core/database.ts';
import { GroupCommit } from '../core/group-commit.ts';
import type { Tables } from '../core/tables.ts';
import { concernsOneChange, isHarmless, storeFault } from './faults.ts';
import { type DatabaseOptions, type Handles, identityOf, openHandles } from './handles.ts';

/** The database's file in the data folder. */
export const DATABASE_FILE = 'livestill.sqlite';

/**
 * The connections to the file: opened at the first use, and anew after trouble or when another file took its
 * name.
 */
class OpenFile {
  readonly #options: DatabaseOptions;
  #opening: Promise<Handles> | null = null;
  #everOpened = false;
  #closed = false;

  constructor(options: DatabaseOptions) {
    this.#options = options;
  }

  async handles(): Promise<Handles> {
    if (this.#closed) throw new Fault('accounts_unavailable', 'store_closed', 'the store was closed');
    const identity = identityOf(this.#options.path);
    if (this.#opening !== null && identity !== (await this.#opening).identity) await this.#drop();
    return this.#opening ?? this.#open();
  }

  /** Run some work on the connections; after an error that may have harmed them they are given up. */
  async use<T>(work: (open: Handles) => Promise<T>): Promise<T> {
    try {
      return await work(await this.handles());
    } catch (error) {
      if (!isHarmless(error)) await this.#drop();
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#drop();
  }

  #open(): Promise<Handles> {
    const attempt = openHandles(this.#options, this.#options.create && !this.#everOpened);
    this.#opening = attempt;
    attempt.then(
      () => {
        this.#everOpened = true;
      },
      () => {
        if (this.#opening === attempt) this.#opening = null;
      },
    );
    return attempt;
  }

  async #drop(): Promise<void> {
    const dropped = this.#opening;
    this.#opening = null;
    const { reader, writer } = (await dropped?.catch(() => null)) ?? {};
    await reader?.destroy().catch(() => {});
    await writer?.destroy().catch(() => {});
    if (dropped !== null && !this.#closed) this.#options.onDropped?.();
  }
}

/** The SQLite file. Changes that wait together share one transaction and one sync. */
export function createDatabase(options: DatabaseOptions): StoreDatabase {
  const file = new OpenFile(options);
  const commits = new GroupCommit({
    commit: (changes) => file.use(({ writer }) => inOneTransaction(writer, changes)),
    concernsOneChange,
    toFault: storeFault,
  });
  async function asFault<T>(code: StoreKind, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw storeFault(code, error);
    }
  }
  return {
    async open() {
      await file.handles();
    },
    read: (code, query) => asFault(code, () => file.use(({ reader }) => query(reader))),
    // Every change has the write lock of the whole file.
    write: (code, change) => commits.run(code, change),
    append: (code, change) => commits.run(code, change),
    /**
     * Everything goes from the write-ahead log into the file, and the log is emptied: it no longer holds what
     * was deleted.
     */
    forgetDeleted: (code) => asFault(code, () => file.use(({ writer }) => emptyLog(writer))),
    async close() {
      await commits.idle();
      await file.close();
    },
  };
}

function inOneTransaction(
  writer: Kysely<Tables>,
  changes: readonly Change<unknown>[],
): Promise<readonly unknown[]> {
  return writer.transaction().execute(async (db) => {
    const results: unknown[] = [];
    for (const change of changes) results.push(await change(db));
    return results;
  });
}

/** How often and how long apart, in ms, the log is tried to be emptied while readers use it. */
const LOG_TRIES = 50;
const LOG_PAUSE = 100;

async function emptyLog(writer: Kysely<Tables>): Promise<void> {
  for (let tries = 0; tries < LOG_TRIES; tries += 1) {
    const { rows } = await sql<{ readonly busy: number }>`pragma wal_checkpoint(truncate)`.execute(writer);
    if (rows[0]?.busy === 0) return;
    await new Promise((resolve) => setTimeout(resolve, LOG_PAUSE));
  }
  throw new Fault(
    'state_unavailable',
    'store_locked',
    'the write-ahead log is in use: another process reads from it all the time',
  );
}
