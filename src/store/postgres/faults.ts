import { Fault, type FaultReason, UsageError } from '../../faults.ts';
import type { StoreKind } from '../core/database.ts';
import { detailOf, type Explained, storeFaultOf } from '../core/store-fault.ts';

const REASONS: readonly (readonly [code: RegExp, reason: FaultReason<StoreKind>, text: string])[] = [
  [
    /^(ECONN|ENOTFOUND|EAI_|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EPIPE|ENOENT|EACCES)/,
    'store_unreachable',
    'the PostgreSQL server cannot be reached',
  ],
  [/^08/, 'store_unreachable', 'the connection to the PostgreSQL server broke'],
  [
    /^(?:.*_CERT|CERT_|UNABLE_TO|ERR_TLS)/,
    'store_certificate',
    'the certificate of the PostgreSQL server is not trusted: set postgres.ca',
  ],
  [/^57P0/, 'store_unreachable', 'the PostgreSQL server is starting or stopping'],
  [
    /^53300/,
    'store_unreachable',
    'the PostgreSQL server has no connection left: lower postgres.poolSize or raise its max_connections',
  ],
  [/^LIVESTILL_TIMEOUT$/, 'store_timeout', 'the PostgreSQL server did not answer in time'],
  [/^57014/, 'store_timeout', 'the PostgreSQL server ended a statement that took too long'],
  [/^(55P03|40P01|40001)/, 'store_locked', 'another process holds the lock in the database'],
  [/^53100/, 'store_full', 'the disk of the PostgreSQL server is full'],
  [/^25006/, 'store_readonly', 'the PostgreSQL server takes no changes: is it a standby?'],
  [/^(28|3D000)/, 'store_refused', 'the PostgreSQL server refuses the user or has no such database'],
  [/^42501/, 'store_refused', 'the user of the PostgreSQL server lacks a right on the tables'],
  [
    /^(42P01|42703|3F000)/,
    'store_older',
    'the database lacks tables of this version: run "livestill migrate up"',
  ],
  [/^XX/, 'store_corrupt', 'the database is damaged: restore a copy'],
];

/** The server's own code of an error (SQLSTATE), or the system's; empty where there is none. */
export function postgresCode(error: unknown): string {
  const { code, message } = (error ?? {}) as { readonly code?: unknown; readonly message?: unknown };
  if (typeof code === 'string') return code;
  const text = typeof message === 'string' ? message : '';
  if (/timeout exceeded when trying to connect|Connection terminated due to connection timeout/.test(text))
    return 'ETIMEDOUT';
  if (/^timeout expired/.test(text)) return 'ETIMEDOUT';
  return /Connection terminated|Client has encountered a connection error|not queryable/.test(text)
    ? '08006'
    : '';
}

/** A failed call as a fault: which store, and why; see `storeFaultOf`. */
export function storeFault(kind: StoreKind, error: unknown): Fault | UsageError {
  return storeFaultOf(kind, error, explain);
}

function explain(error: unknown): Explained | undefined {
  const sqlState = postgresCode(error);
  // The server may say nothing but its code.
  const detail = detailOf(error) || sqlState;
  const found = REASONS.find(([pattern]) => pattern.test(sqlState));
  return found === undefined
    ? ['store_error', `the store failed: ${detail}`]
    : [found[1], `${found[2]} (${detail})`];
}

/** Whether the server undid a transaction only because another one was in its way. */
export function isWorthRepeating(error: unknown): boolean {
  return /^(40P01|40001)$/.test(postgresCode(error));
}

/** Whether an error comes from one change rather than from the server or the connection to it. */
export function concernsOneChange(error: unknown): boolean {
  if (error instanceof Fault) return error.reason !== 'store_closed';
  return (
    error instanceof UsageError || error instanceof TypeError || /^(2[23]|40|42)/.test(postgresCode(error))
  );
}
