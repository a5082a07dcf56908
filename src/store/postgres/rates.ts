import { sql } from 'kysely';
import type { RateStore } from '../../account/types.ts';
import type { StoreDatabase } from '../core/database.ts';

/** The server's own clock, in seconds: the nodes' clocks may differ. */
const now = sql`extract(epoch from clock_timestamp())::double precision`;

/** The apps' token buckets in the database: one statement a request, the same for all nodes. */
export function createRates(database: StoreDatabase): RateStore {
  return {
    take(appid, perSecond, capacity) {
      const filled = sql`least(${capacity}::double precision,
        bucket.tokens + greatest(0, ${now} - bucket.at) * ${perSecond}::double precision)`;
      return database.write('state_unavailable', async (db) => {
        const taken = await sql`insert into rate_bucket as bucket
          values (${appid}, ${capacity}::double precision - 1, ${now})
          on conflict (appid) do update set tokens = ${filled} - 1, at = ${now} where ${filled} >= 1
          returning 1`.execute(db);
        if (taken.rows.length > 0) return null;
        const { rows } = await sql<{
          tokens: number;
        }>`select ${filled} as tokens from rate_bucket bucket where appid = ${appid}`.execute(db);
        return Math.max(0, 1 - (rows[0]?.tokens ?? 0)) / perSecond;
      });
    },
  };
}
