import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import type { IdempotencyState, IdempotencyStore } from '../account/api-key-idempotency.ts';
import type { StoreDatabase } from './database.ts';

/** How often what is over is looked for, in ms, and how many rows go at once. */
const sweepEvery = 60_000;
const sweepSize = 10_000;
/** Most rows that stay after a sweep: the oldest beyond that are forgotten before their time, so that the file stays bounded. */
const mostRows = 50_000;

/** The durable memory of requests with an `Idempotency-Key`; `mostKept` is for tests. */
export function createIdempotency(database: StoreDatabase, mostKept = mostRows): IdempotencyStore {
  let sweptAt = 0;
  return {
    async beginIdempotent({ appid, key }, fingerprint, now, holdUntil): Promise<IdempotencyState> {
      const sweep = now.getTime() - sweptAt > sweepEvery;
      if (sweep) sweptAt = now.getTime();
      return database.write(108, async (db): Promise<IdempotencyState> => {
        if (sweep) {
          await sql`delete from idempotency where rowid in
            (select rowid from idempotency where until < ${now.getTime()} order by until limit ${sweepSize})`.execute(
            db,
          );
          const { rows } = await sql<{ count: number }>`select count(*) as count from idempotency`.execute(
            db,
          );
          const surplus = Math.min(sweepSize, (rows[0]?.count ?? 0) - mostKept);
          if (surplus > 0) {
            await sql`delete from idempotency where rowid in
              (select rowid from idempotency where http is not null order by until limit ${surplus})`.execute(
              db,
            );
          }
        }
        const row = await db
          .selectFrom('idempotency')
          .selectAll()
          .where('appid', '=', appid)
          .where('key', '=', key)
          .executeTakeFirst();
        if (row !== undefined && row.until > now.getTime()) {
          if (row.fingerprint !== fingerprint) return { kind: 'other' };
          if (row.http === null) return { kind: 'running' };
          const answer = { http: row.http, contentType: row.content_type ?? '', body: row.body ?? '' };
          return { kind: 'answered', answer };
        }
        const token = randomUUID();
        const fresh = {
          fingerprint,
          token,
          http: null,
          content_type: null,
          body: null,
          until: holdUntil.getTime(),
        };
        await db
          .insertInto('idempotency')
          .values({ appid, key, ...fresh })
          .onConflict((conflict) => conflict.columns(['appid', 'key']).doUpdateSet(fresh))
          .execute();
        return { kind: 'begun', token };
      });
    },
    async finishIdempotent({ appid, key }, token, answer, until) {
      const { http, contentType: content_type, body } = answer;
      await database.write(108, (db) =>
        db
          .updateTable('idempotency')
          .set({ http, content_type, body, until: until.getTime() })
          .where('appid', '=', appid)
          .where('key', '=', key)
          .where('token', '=', token)
          .execute(),
      );
    },
    async releaseIdempotent({ appid, key }, token) {
      await database.write(108, (db) =>
        db
          .deleteFrom('idempotency')
          .where('appid', '=', appid)
          .where('key', '=', key)
          .where('token', '=', token)
          .where('http', 'is', null)
          .execute(),
      );
    },
  };
}
