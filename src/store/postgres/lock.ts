import { sql, type Transaction } from 'kysely';
import type { Tables } from '../core/tables.ts';

/**
 * Waits for the lock of a name and holds it until the transaction ends, in all processes on the database
 * (`pg_advisory_xact_lock`).
 */
export async function lockFor(db: Transaction<Tables>, name: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${name}, 107108))`.execute(db);
}
