import { setTimeout as sleep } from 'node:timers/promises';
import {
  type CompiledQuery,
  type DatabaseConnection,
  type DatabaseIntrospector,
  type Dialect,
  type DialectAdapter,
  type Driver,
  type Kysely,
  type QueryCompiler,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import { type Connection, sqliteCode } from './connection.ts';

/** How long a write waits for another process's lock, and how often it tries, in ms. */
export interface LockWait {
  readonly lockWaitMs: number;
}

/**
 * Kysely over one of our connections. Transactions begin with the write lock (`BEGIN IMMEDIATE`) and wait for
 * it without blocking the thread; a change outside of a transaction (Kysely's own migration tables) gets one
 * of its own.
 */
export class LibsqlDialect implements Dialect {
  readonly #connection: Connection;
  readonly #wait: LockWait;

  constructor(connection: Connection, wait: LockWait) {
    this.#connection = connection;
    this.#wait = wait;
  }

  createDriver(): Driver {
    return new LibsqlDriver(this.#connection, this.#wait);
  }

  createQueryCompiler(): QueryCompiler {
    return new SqliteQueryCompiler();
  }

  createAdapter(): DialectAdapter {
    return new LibsqlAdapter();
  }

  createIntrospector(db: Kysely<unknown>): DatabaseIntrospector {
    return new SqliteIntrospector(db);
  }
}

class LibsqlAdapter extends SqliteAdapter {
  /**
   * SQLite's schema changes are transactional: a migration holds whole or not at all, under the write lock.
   */
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

class LibsqlDriver implements Driver {
  readonly #raw: Connection;
  readonly #connection: LibsqlConnection;
  readonly #wait: LockWait;
  #turn: Promise<void> = Promise.resolve();
  #release: () => void = () => {};

  constructor(raw: Connection, wait: LockWait) {
    this.#raw = raw;
    this.#wait = wait;
    this.#connection = new LibsqlConnection(raw, wait);
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    const before = this.#turn;
    let release = (): void => {};
    this.#turn = new Promise((resolve) => {
      release = resolve;
    });
    await before;
    this.#release = release;
    return this.#connection;
  }

  async beginTransaction(): Promise<void> {
    await beginPatiently(this.#raw, this.#wait);
  }

  async commitTransaction(): Promise<void> {
    this.#raw.commit();
  }

  async rollbackTransaction(): Promise<void> {
    this.#raw.rollback();
  }

  async releaseConnection(): Promise<void> {
    this.#release();
  }

  async destroy(): Promise<void> {
    this.#raw.close();
  }
}

class LibsqlConnection implements DatabaseConnection {
  readonly #raw: Connection;
  readonly #wait: LockWait;

  constructor(raw: Connection, wait: LockWait) {
    this.#raw = raw;
    this.#wait = wait;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    if (this.#raw.inTransaction || /^\s*(select|with|pragma)\b/i.test(query.sql)) return this.#run(query);
    await beginPatiently(this.#raw, this.#wait);
    try {
      const result = this.#run<R>(query);
      this.#raw.commit();
      return result;
    } catch (error) {
      this.#raw.rollback();
      throw error;
    }
  }

  // Large results are read in pages instead.
  // biome-ignore lint/correctness/useYield: Kysely's interface wants a generator
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error('results are not streamed: an open statement would hold up checkpoints');
  }

  #run<R>({ sql, parameters }: CompiledQuery): QueryResult<R> {
    const { rows, changes, lastInsertRowid } = this.#raw.execute(sql, parameters);
    return {
      rows: rows as unknown as R[],
      ...(changes === undefined ? {} : { numAffectedRows: BigInt(changes) }),
      ...(lastInsertRowid === undefined ? {} : { insertId: BigInt(lastInsertRowid) }),
    };
  }
}

/** Take the write lock; while another process holds it, try again in a while, up to `lockWaitMs`. */
async function beginPatiently(connection: Connection, { lockWaitMs }: LockWait): Promise<void> {
  const giveUpAt = performance.now() + lockWaitMs;
  for (let pause = 1; ; pause = Math.min(50, pause * 2)) {
    try {
      connection.begin();
      return;
    } catch (error) {
      if (!sqliteCode(error).startsWith('SQLITE_BUSY') || performance.now() + pause > giveUpAt) throw error;
      await sleep(pause);
    }
  }
}
