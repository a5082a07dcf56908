import type { Kysely, Transaction } from 'kysely';
import type { RecordClock } from '../ledger/types.ts';
import type { Tables } from './tables.ts';

/** Under this key in `meta` stands the record clock. */
export const clockKey = 'record_clock';

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

/** The record clock as last looked at; null where it never was, or where what stands there cannot be read. */
export async function storedClock(db: Kysely<Tables>): Promise<RecordClock | null> {
  const text = await getMeta(db, clockKey);
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
