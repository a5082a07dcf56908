import { createRequire } from 'node:module';
import type Database from 'libsql';
import { NativeLibraryError, nativeTrouble } from '../../native-library.ts';

const require = createRequire(import.meta.url);

/**
 * The SQLite library, loaded when it is first needed: a command that has no use for it works without, and one
 * that has can say what is wrong.
 * @throws {NativeLibraryError} when the library cannot be loaded
 */
export function sqliteLibrary(): typeof Database {
  try {
    return require('libsql') as typeof Database;
  } catch (cause) {
    throw new NativeLibraryError(
      nativeTrouble(cause) ?? `libsql cannot be loaded: ${(cause as Error).message}`,
      cause,
    );
  }
}

/**
 * What may be bound to a parameter. libsql ends the process on some other types (booleans, buffers outside an
 * array).
 */
export type SqlValue = string | number | bigint | null | Uint8Array;

/** One row as the library gives it: blobs come as `ArrayBuffer`. */
export type SqlRow = Readonly<Record<string, string | number | null | ArrayBuffer>>;

/** What a statement did. */
export interface SqlResult {
  readonly rows: readonly SqlRow[];
  /** Rows changed; undefined for a query. */
  readonly changes: number | undefined;
  readonly lastInsertRowid: number | bigint | undefined;
}

/** One connection to a SQLite file; calls run on the calling thread. */
export interface Connection {
  /** Whether `begin` was called without `commit` or `rollback` since. */
  readonly inTransaction: boolean;
  /** Run one statement. Outside of a transaction only queries are allowed. */
  execute(sql: string, parameters: readonly unknown[]): SqlResult;
  /** Run statements without parameters or results: pragmas. */
  script(sql: string): void;
  /**
   * Take the write lock. Throws with code `SQLITE_BUSY` when another process holds it longer than `busyMs`.
   */
  begin(): void;
  commit(): void;
  /** Give up the transaction, if there is one still. */
  rollback(): void;
  close(): void;
}

/** How many prepared statements are kept by their text. */
const CACHED = 200;

class LibsqlConnection implements Connection {
  readonly #database: Database.Database;
  readonly #statements = new Map<string, Database.Statement>();
  #inTransaction = false;

  constructor(path: string, busyMs: number) {
    this.#database = new (sqliteLibrary())(path, { timeout: busyMs });
  }

  get inTransaction(): boolean {
    return this.#inTransaction;
  }

  execute(sql: string, parameters: readonly unknown[]): SqlResult {
    this.#needOpen();
    const values = parameters.map(bindable);
    if (!this.#inTransaction && !/^\s*(select|with|pragma)\b/i.test(sql)) {
      throw new Error(`a write outside of a transaction: ${sql.slice(0, 80)}`);
    }
    try {
      const statement = this.#prepared(sql);
      if (statement.reader) {
        return { rows: statement.all(values) as SqlRow[], changes: undefined, lastInsertRowid: undefined };
      }
      const { changes, lastInsertRowid } = statement.run(values);
      return { rows: [], changes, lastInsertRowid };
    } catch (error) {
      this.#statements.delete(sql);
      throw error;
    }
  }

  script(sql: string): void {
    this.#needOpen();
    this.#database.exec(sql);
  }

  begin(): void {
    this.#needOpen();
    this.#database.exec('BEGIN IMMEDIATE');
    this.#inTransaction = true;
  }

  commit(): void {
    this.#needOpen();
    this.#database.exec('COMMIT');
    this.#inTransaction = false;
  }

  rollback(): void {
    if (!this.#inTransaction || !this.#database.open) return;
    this.#inTransaction = false;
    // SQLite itself has rolled back after some errors (disk full, I/O); then there is nothing left to do.
    if (this.#database.inTransaction) this.#database.exec('ROLLBACK');
  }

  close(): void {
    if (!this.#database.open) return;
    this.#inTransaction = false;
    this.#statements.clear();
    if (this.#database.inTransaction) this.#database.exec('ROLLBACK');
    this.#database.close();
  }

  #prepared(sql: string): Database.Statement {
    const known = this.#statements.get(sql);
    if (known !== undefined) {
      this.#statements.delete(sql);
      this.#statements.set(sql, known);
      return known;
    }
    const statement = this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    if (this.#statements.size > CACHED) this.#statements.delete(this.#statements.keys().next().value!);
    return statement;
  }

  #needOpen(): void {
    if (!this.#database.open) throw new Error('the connection was closed');
  }
}

/**
 * Open a connection through libsql, keeping clear of its traps (version 0.5):
 * - A prepared write that met a lock outside of a transaction stays half open, and every later commit on the
 *   connection is then silently not made. So writes run in explicit transactions only, and these begin and
 *   end through `exec`.
 * - Every prepared statement keeps about 5 kB outside of the collector's sight until it is collected, so they
 *   are reused.
 * - Parameters go in as one array of checked types.
 * - A closed connection is not touched again.
 * - `get` leaves its statement open, which holds up checkpoints: `all` is used throughout.
 *
 * @param busyMs how long a statement waits for a lock, blocking the thread, in ms
 */
export function openConnection(path: string, busyMs: number): Connection {
  return new LibsqlConnection(path, busyMs);
}

function bindable(value: unknown): SqlValue {
  if (value === null || typeof value === 'bigint' || value instanceof Uint8Array) return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (typeof value === 'string') {
    if (value.includes('\0'))
      throw new TypeError('a text with a NUL cannot be kept: libsql would cut it there');
    return value;
  }
  throw new TypeError(`a ${typeof value} cannot be bound to an SQL parameter`);
}

/**
 * SQLite's own name of an error (`SQLITE_BUSY`, `SQLITE_IOERR_READ`, …); empty when the error is not
 * SQLite's.
 */
export function sqliteCode(error: unknown): string {
  const code = (error as { readonly code?: unknown } | null)?.code;
  if (typeof code === 'string' && code.startsWith('SQLITE_')) return code;
  // Errors while opening come as plain text with the number at the end (14 is SQLITE_CANTOPEN).
  return /^ConnectionFailed/.test((error as Error | null)?.message ?? '') ? 'SQLITE_CANTOPEN' : '';
}
