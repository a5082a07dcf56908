import { randomUUID } from 'node:crypto';
import { sql, type Transaction } from 'kysely';
import type {
  IdempotencyBounds,
  IdempotencyState,
  IdempotencyStore,
  ShortenedMemory,
} from '../../account/api-key/idempotency.ts';
import type { StoreDatabase } from './database.ts';
import { DEFAULT_BOUNDS, EVERY_APP, ROW_OVERHEAD } from './idempotency-bounds.ts';
import { CLOCK_KEY, storedClock } from './meta.ts';
import type { Tables } from './tables.ts';

/** How often what is over is looked for along the way, in ms, and how many rows go at once. */
const SWEEP_EVERY = 60_000;
const SWEEP_SIZE = 10_000;
/** The record time is looked at every hour: it may be so much older than the clock, in ms. */
const RECORD_TIME_AGE = 3_600_000;
/** Most answers that one new request drops: more go than come, and no request waits long for it. */
const DROP_SIZE = 64;

/**
 * The durable memory of requests with an `Idempotency-Key`.
 * @param clockName where the record clock stands in `meta`
 */
export function createIdempotency(
  database: StoreDatabase,
  bounds: IdempotencyBounds = DEFAULT_BOUNDS,
  clockName: string = CLOCK_KEY,
): IdempotencyStore {
  let sweptAt = 0;
  return {
    async beginIdempotent({ appid, key }, fingerprint, now, holdUntil): Promise<IdempotencyState> {
      const sweep = Math.abs(now.getTime() - sweptAt) > SWEEP_EVERY;
      if (sweep) sweptAt = now.getTime();
      return database.write(
        'state_unavailable',
        async (db): Promise<IdempotencyState> => {
          if (sweep) {
            // A clock that jumped ahead makes answers look ended: none goes for good before the record time
            // has come after it.
            const clock = await storedClock(db, clockName);
            const ended = Math.min(now.getTime(), clock === null ? Infinity : clock.time + RECORD_TIME_AGE);
            await dropEnded(db, ended, SWEEP_SIZE);
          }
          return begin(db, bounds, { appid, key, fingerprint, now, holdUntil });
        },
        `idempotency:${appid}:${key}`,
      );
    },
    async finishIdempotent({ appid, key }, token, answer, now, until) {
      const { http, contentType: content_type, body } = answer;
      const bytes = ROW_OVERHEAD + key.length + Buffer.byteLength(body);
      await database.write('state_unavailable', (db) =>
        db
          .updateTable('idempotency')
          .set({ http, content_type, body, at: now.getTime(), until: until.getTime(), bytes })
          .where('appid', '=', appid)
          .where('key', '=', key)
          .where('token', '=', token)
          .execute(),
      );
    },
    async releaseIdempotent({ appid, key }, token) {
      await database.write('state_unavailable', (db) =>
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

/** A request that begins, held until `holdUntil` while it is not answered. */
interface Beginning {
  readonly appid: string;
  readonly key: string;
  readonly fingerprint: string;
  readonly now: Date;
  readonly holdUntil: Date;
}

async function begin(
  db: Transaction<Tables>,
  bounds: IdempotencyBounds,
  { appid, key, fingerprint, now, holdUntil }: Beginning,
): Promise<IdempotencyState> {
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
  const shortened = await makeRoom(db, appid, bounds);
  const token = randomUUID();
  const fresh = {
    fingerprint,
    token,
    http: null,
    content_type: null,
    body: null,
    until: holdUntil.getTime(),
    at: now.getTime(),
    bytes: ROW_OVERHEAD + key.length,
  };
  await db
    .insertInto('idempotency')
    .values({ appid, key, ...fresh })
    .onConflict((conflict) => conflict.columns(['appid', 'key']).doUpdateSet(fresh))
    .execute();
  return shortened === null ? { kind: 'begun', token } : { kind: 'begun', token, shortened };
}

/** Drops at most `limit` rows that ended before `now`; how many. */
export async function dropEnded(db: Transaction<Tables>, now: number, limit: number): Promise<number> {
  const { numAffectedRows } = await sql`delete from idempotency where (appid, key) in
    (select appid, key from idempotency where until < ${now} order by until limit ${limit})`.execute(db);
  return Number(numAffectedRows ?? 0);
}

/**
 * Lets the oldest answers go of the app whose share is full, else of the one that has most where all have too
 * many.
 */
async function makeRoom(
  db: Transaction<Tables>,
  appid: string,
  bounds: IdempotencyBounds,
): Promise<ShortenedMemory | null> {
  const found = await db
    .selectFrom('idempotency_share')
    .selectAll()
    .where('appid', 'in', [appid, EVERY_APP])
    .execute();
  const own = found.find((share) => share.appid === appid);
  const all = found.find((share) => share.appid === EVERY_APP);
  const ownOver = overBy(own, bounds.rowsPerApp, bounds.bytesPerApp);
  const allOver = overBy(all, bounds.rows, bounds.bytes);
  if (ownOver > 0) return dropOldest(db, appid, ownOver);
  if (allOver === 0) return null;
  const by = (all?.bytes ?? 0) >= bounds.bytes ? 'bytes' : 'rows';
  const largest = await db
    .selectFrom('idempotency_share')
    .select('appid')
    .where('appid', '!=', EVERY_APP)
    .orderBy(by, 'desc')
    .limit(1)
    .executeTakeFirst();
  return largest === undefined ? null : dropOldest(db, largest.appid, allOver);
}

/**
 * How many rows have to go so that one more is within the bound; by bytes: so many as those bytes are on
 * average.
 */
function overBy(
  share: { readonly rows: number; readonly bytes: number } | undefined,
  rows: number,
  bytes: number,
): number {
  if (share === undefined || share.rows === 0) return 0;
  const each = share.bytes / share.rows;
  return Math.max(0, share.rows + 1 - rows, Math.ceil((share.bytes + each - bytes) / each));
}

async function dropOldest(
  db: Transaction<Tables>,
  appid: string,
  surplus: number,
): Promise<ShortenedMemory | null> {
  // One for one at the bound; more than come where a share is over it by many, as after the bound was
  // lowered.
  const limit = Math.min(DROP_SIZE, surplus > 1 ? surplus + 1 : 1);
  const { numAffectedRows } =
    await sql`delete from idempotency where (appid, key) in (select appid, key from idempotency
    where appid = ${appid} and http is not null order by at limit ${limit})`.execute(db);
  const oldest = await db
    .selectFrom('idempotency')
    .select('at')
    .where('appid', '=', appid)
    .where('http', 'is not', null)
    .orderBy('at')
    .limit(1)
    .executeTakeFirst();
  const answers = Number(numAffectedRows ?? 0);
  return answers === 0 ? null : { appid, answers, keptSince: new Date(oldest?.at ?? Date.now()) };
}
