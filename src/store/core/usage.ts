import { sql, type Transaction } from 'kysely';
import type { UsageStore } from '../../account/types.ts';
import type { StoreDatabase } from './database.ts';
import type { Tables } from './tables.ts';

/** Daily counts, kept for as many days as an invoice may be asked about. */
export const DAYS_KEPT = 400;
/** How many older counts go with one request. */
const DAYS_SWEEP = 100;

/** Counts of the day that are written down. */
export interface DurableUsage extends UsageStore {
  /** Sees to it that the count of `appid` on the UTC day `day` is no less than this. */
  raise(appid: string, day: string, count: number): Promise<void>;
}

/** Durable counts of requests by app and UTC day. */
export function createUsage(database: StoreDatabase): DurableUsage {
  let sweptOn = '';
  return {
    async consume(appid, day, limit, more = 1) {
      if (more > limit) return null;
      return database.write('state_unavailable', async (db) => {
        if (day !== sweptOn && (await dropCounts(db, daysBefore(day, DAYS_KEPT))) < DAYS_SWEEP) sweptOn = day;
        const row = await db
          .insertInto('usage_day')
          .values({ appid, day, count: more })
          .onConflict((conflict) =>
            conflict
              .columns(['appid', 'day'])
              .doUpdateSet((eb) => ({ count: eb('usage_day.count', '+', more) }))
              .where('usage_day.count', '<=', limit - more),
          )
          .returning('count')
          .executeTakeFirst();
        return row?.count ?? null;
      });
    },
    async raise(appid, day, count) {
      await database.write('state_unavailable', (db) =>
        db
          .insertInto('usage_day')
          .values({ appid, day, count })
          .onConflict((conflict) =>
            conflict.columns(['appid', 'day']).doUpdateSet({ count }).where('usage_day.count', '<', count),
          )
          .execute(),
      );
    },
    async used(appid, day) {
      const row = await database.read('state_unavailable', (db) =>
        db
          .selectFrom('usage_day')
          .select('count')
          .where('appid', '=', appid)
          .where('day', '=', day)
          .executeTakeFirst(),
      );
      return row?.count ?? 0;
    },
  };
}

/** Drops some of the counts from before `day`; how many. */
export async function dropCounts(db: Transaction<Tables>, day: string): Promise<number> {
  const { numAffectedRows } = await sql`delete from usage_day where (appid, day) in
    (select appid, day from usage_day where day < ${day} order by day limit ${DAYS_SWEEP})`.execute(db);
  return Number(numAffectedRows ?? 0);
}

/** The day so many days earlier. */
export function daysBefore(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) - days * 86_400_000).toISOString().slice(0, 10);
}
