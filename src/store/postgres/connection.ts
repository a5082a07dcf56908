import type { PostgresPool, PostgresPoolClient } from 'kysely';
import pg from 'pg';
import type { PostgresSettings } from '../core/postgres-settings.ts';
import { addressOf } from './settings.ts';

/** The server did not answer a statement in time; whether it was made is not known. */
export class StatementTimeout extends Error {
  readonly code = 'LIVESTILL_TIMEOUT';

  constructor(ms: number) {
    super(`no answer within ${ms} ms`);
    this.name = 'StatementTimeout';
  }
}

/** How connections are used beyond the settings. */
export interface ConnectionUse {
  readonly settings: PostgresSettings;
  /** Shown by the server beside the connection (`pg_stat_activity`). */
  readonly name: string;
  /** False: a commit counts before it is on the server's disk. */
  readonly isDurable: boolean;
  /** No time-outs: changes of tables take as long as they take. */
  readonly isPatient?: boolean;
  readonly onTrouble: (error: Error) => void;
}

/** How much longer than the server is waited for its word on a statement that it should have ended, in ms. */
const GRACE_MS = 500;
/** How long an unused connection is kept, in ms. */
const IDLE_MS = 30_000;

/** A pool that says how it is used. */
export interface CountedPool extends PostgresPool {
  /** Connections in use and idle, and calls that wait for one, now. */
  connections(): Readonly<Record<'used' | 'idle' | 'waiting', number>>;
}

/**
 * A pool of connections to the server. A connection on which a statement got no answer in time, or that
 * broke, is closed rather than used again: a transaction may still be open on it.
 * @throws {UsageError} `store_url`, `store_ca`
 */
export function openPool(use: ConnectionUse): CountedPool {
  const { settings, isPatient = false } = use;
  const { host, port, user, password, database, tls } = addressOf(settings);
  const timeouts = isPatient
    ? {}
    : {
        statement_timeout: settings.statementTimeoutMs,
        idle_in_transaction_session_timeout: settings.statementTimeoutMs * 2,
      };
  const pool = new pg.Pool({
    host,
    port,
    user,
    database,
    ...(password === undefined ? {} : { password }),
    ssl: tls,
    max: isPatient ? 1 : settings.poolSize,
    connectionTimeoutMillis: settings.connectTimeoutMs,
    idleTimeoutMillis: IDLE_MS,
    keepAlive: true,
    application_name: use.name,
    // Numbers of rows and times in ms are whole numbers below 2^53.
    types: { getTypeParser },
    ...timeouts,
    ...(use.isDurable ? {} : { options: '-c synchronous_commit=off' }),
  });
  // Without a listener a connection that breaks while nobody uses it ends the process.
  pool.on('error', (cause) =>
    use.onTrouble(
      new Error(`a connection to PostgreSQL broke and is opened anew (${cause.message})`, { cause }),
    ),
  );
  pool.on('connect', (client) => void client.on('error', () => {}));
  const answerWithinMs = isPatient ? null : settings.statementTimeoutMs + GRACE_MS;
  return {
    // Cursors are the other thing that Kysely could ask for; it does so for streams alone, which nothing here
    // uses.
    connect: async () => guarded(await pool.connect(), answerWithinMs) as unknown as PostgresPoolClient,
    end: () => pool.end(),
    connections: () => ({
      used: pool.totalCount - pool.idleCount,
      idle: pool.idleCount,
      waiting: pool.waitingCount,
    }),
  };
}

function getTypeParser(oid: number, format?: 'text' | 'binary'): (value: string) => unknown {
  if (oid === pg.types.builtins.INT8) return Number;
  return pg.types.getTypeParser(oid, format as 'text');
}

/** Errors of the server that leave the connection as good as before: what was asked was refused. */
function isRefusal(error: unknown): boolean {
  const code = (error as { readonly code?: unknown } | null)?.code;
  // Class 57 and 08: the server or the connection ends. Class 25: the transaction is not what was thought, or
  // the server is a standby.
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && !/^(57P|08|25|XX)/.test(code);
}

/** A client of the pool that is closed when it is given back after trouble. */
function guarded(client: pg.PoolClient, answerWithinMs: number | null) {
  let isBroken = false;
  return {
    async query(text: string, parameters: readonly unknown[] = []) {
      // Nothing is asked of a broken connection; closing it undoes its transaction.
      if (isBroken) return { command: 'ROLLBACK', rowCount: 0, rows: [] };
      for (const value of parameters) needKeepable(value);
      try {
        return await inTime(client.query(text, [...parameters]), answerWithinMs);
      } catch (error) {
        isBroken ||= !isRefusal(error);
        throw error;
      }
    },
    release: () => client.release(isBroken),
  };
}

async function inTime<T>(work: Promise<T>, ms: number | null): Promise<T> {
  if (ms === null) return work;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new StatementTimeout(ms)), ms);
  });
  // What comes after the time is nobody's.
  work.catch(() => {});
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** As every database here: no text with a NUL, no value of a type that is not meant. */
function needKeepable(value: unknown): void {
  if (typeof value === 'string' && value.includes('\0'))
    throw new TypeError('a text with a NUL cannot be kept');
  if (typeof value === 'number' && !Number.isFinite(value)) throw new TypeError(`${value} cannot be kept`);
}
