import type { Kysely, Transaction } from 'kysely';
import type { Actor } from '../../ledger/admin.ts';
import type { RecordClock } from '../../ledger/types.ts';
import type { Tables } from './tables.ts';

/** Under this key in `meta` stands the record clock of a database with one node. */
export const CLOCK_KEY = 'record_clock';

/** Under this key in `meta` stands a restore that the log of changes has no entry of yet. */
export const RESTORED_KEY = 'restored';

/** What the log of changes will say of a restore. */
export interface RestoreNote {
  readonly actor: Actor;
  readonly file: string;
  readonly at: string;
  /** When the backup was made, and the last ledger row in it. */
  readonly madeAt: string;
  readonly lastRow: number;
  /** The last ledger row of the database that it replaced; 0: there was none. */
  readonly replacedLastRow: number;
}

/** A value of `meta`; undefined where there is none. */
export async function getMeta(db: Kysely<Tables>, key: string): Promise<string | undefined> {
  const row = await db.selectFrom('meta').select('value').where('key', '=', key).executeTakeFirst();
  return row?.value;
}

/** Puts a value of `meta`, over another one where there is one. */
export async function putMeta(db: Transaction<Tables>, key: string, value: string): Promise<void> {
  await db
    .insertInto('meta')
    .values({ key, value })
    .onConflict((conflict) => conflict.column('key').doUpdateSet({ value }))
    .execute();
}

/**
 * The record clock under a key of `meta`, as last looked at; null where it never was, or where what stands
 * there cannot be read.
 */
export async function storedClock(db: Kysely<Tables>, key: string): Promise<RecordClock | null> {
  const text = await getMeta(db, key);
  return text === undefined ? null : parseClock(text);
}

/** The record clock out of its text in `meta`; null where that cannot be read. */
export function parseClock(text: string): RecordClock | null {
  try {
    const { time, wall, jump } = JSON.parse(text) as RecordClock;
    return Number.isFinite(time) && Number.isFinite(wall) ? { time, wall, jump: jump ?? null } : null;
  } catch {
    return null;
  }
}
