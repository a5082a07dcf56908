import { sql } from 'kysely';
import type { StoreDatabase } from '../core/database.ts';
import type { PermitTable } from '../core/permits.ts';

/** The server's own clock, in seconds: the nodes' clocks may differ. */
const NOW = sql`extract(epoch from clock_timestamp())::double precision`;

/** The permits that apps hold, in the database; those of one app are taken one after the other. */
export function createPermitTable(database: StoreDatabase): PermitTable {
  return {
    take: (appid, limit, id, leaseMs) =>
      database.write(
        'state_unavailable',
        async (db) => {
          const { rows } =
            await sql`with ended as (delete from permit where appid = ${appid} and until <= ${NOW}),
            held as (select count(*) as n from permit where appid = ${appid} and until > ${NOW})
            insert into permit select ${appid}, ${id}, ${NOW} + ${leaseMs / 1000}::double precision
              from held where n < ${limit} returning 1`.execute(db);
          return rows.length > 0;
        },
        `permits of ${appid}`,
      ),
    renew: (held, leaseMs) =>
      database.write('state_unavailable', async (db) => {
        for (const [appid, ids] of held) {
          const until = sql`${NOW} + ${leaseMs / 1000}::double precision`;
          const rows = ids.map((id) => sql`(${appid}, ${id}, ${until})`);
          // Those too that a crash of the server took.
          await sql`insert into permit values ${sql.join(rows)}
            on conflict (appid, id) do update set until = excluded.until`.execute(db);
        }
      }),
    release: (appid, id) =>
      database.write(
        'state_unavailable',
        async (db) => void (await sql`delete from permit where appid = ${appid} and id = ${id}`.execute(db)),
      ),
  };
}
