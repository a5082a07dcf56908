import { Kysely, PostgresDialect } from 'kysely';
import type { Tables } from '../core/tables.ts';
import { type ConnectionUse, type CountedPool, openPool } from './connection.ts';

/**
 * Kysely over a pool of connections.
 * @throws {UsageError} `store_url`, `store_ca`
 */
export function openKysely(use: ConnectionUse): Kysely<Tables> {
  return kyselyOver(openPool(use));
}

/** Kysely over that pool, which it ends. */
export function kyselyOver(pool: CountedPool): Kysely<Tables> {
  return new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
}
