import { sql } from 'kysely';
import type { ReplayStore, UsageStore } from '../account/types.ts';
import type { StoreDatabase } from './database.ts';

/** A used signature is kept this long after its end, in ms: a clock that was set back for a while does not revive it. */
const grace = 3_600_000;
/** How often forgotten signatures are looked for, in ms, and how many go at once. */
const sweepEvery = 60_000;
const sweepSize = 1000;

/** The durable memory of single-use signatures; ended ones are dropped along the way. */
export function createReplay(database: StoreDatabase): ReplayStore {
  let sweptAt = 0;
  return {
    async remember(digest, until) {
      const now = Date.now();
      const sweep = now - sweptAt > sweepEvery;
      if (sweep) sweptAt = now;
      // Old is what this machine's clock and the caller's both call old: no single clock that runs ahead makes it forget.
      const old = Math.min(now, until.getTime()) - grace;
      return database.write(108, async (db) => {
        if (sweep) {
          await sql`delete from used_signature where digest in
            (select digest from used_signature where until < ${old} order by until limit ${sweepSize})`.execute(
            db,
          );
        }
        const { numInsertedOrUpdatedRows } = await db
          .insertInto('used_signature')
          .values({ digest, until: until.getTime() })
          .onConflict((conflict) => conflict.doNothing())
          .executeTakeFirst();
        return (numInsertedOrUpdatedRows ?? 0n) > 0n;
      });
    },
  };
}

/** Daily counts, kept for as many days as an invoice may be asked about. */
const daysKept = 400;

/** Durable counts of requests by app and UTC day. */
export function createUsage(database: StoreDatabase): UsageStore {
  let sweptOn = '';
  return {
    async consume(appid, day, limit) {
      const sweep = day !== sweptOn;
      sweptOn = day;
      return database.write(108, async (db) => {
        if (sweep) await db.deleteFrom('usage_day').where('day', '<', daysBefore(day, daysKept)).execute();
        const row = await db
          .insertInto('usage_day')
          .values({ appid, day, count: 1 })
          .onConflict((conflict) =>
            conflict
              .columns(['appid', 'day'])
              .doUpdateSet((eb) => ({ count: eb('usage_day.count', '+', 1) }))
              .where('usage_day.count', '<', limit),
          )
          .returning('count')
          .executeTakeFirst();
        return row?.count ?? null;
      });
    },
    async used(appid, day) {
      const row = await database.read(108, (db) =>
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

function daysBefore(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) - days * 86_400_000).toISOString().slice(0, 10);
}
