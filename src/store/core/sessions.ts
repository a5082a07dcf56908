import { type Kysely, sql, type Transaction } from 'kysely';
import { Fault } from '../../faults.ts';
import { applyStep, isEnd } from '../../session/machine.ts';
import type { Session, SessionStore } from '../../session/types.ts';
import { sessionView } from '../../session/view.ts';
import { webhookUrlProblem } from '../../webhook/url.ts';
import type { StoreDatabase } from './database.ts';
import type { Tables } from './tables.ts';
import { addWebhook } from './webhooks.ts';

/** For so long after its end a session can be read, in ms. */
export const SESSION_KEPT_FOR = 24 * 3_600_000;

/** The durable memory of sessions. */
export function createSessions(database: StoreDatabase): SessionStore {
  const locked = (sessionId: string) => `session:${sessionId}`;
  return {
    async createSession(session, mostOpen = Number.POSITIVE_INFINITY) {
      const { appid, createdAt } = session;
      await database.write(
        'state_unavailable',
        async (db) => {
          if (Number.isFinite(mostOpen)) await checkOpen(db, appid, createdAt, mostOpen);
          await db.insertInto('session').values(toRow(session)).execute();
        },
        // Counting and adding are one: calls of one app at the same moment add no session too many.
        `sessions of ${appid}`,
      );
    },
    countOpenSessions: (now) =>
      database.read('state_unavailable', async (db) => {
        const { count } = await open(db, now)
          .select((eb) => eb.fn.countAll<number>().as('count'))
          .executeTakeFirstOrThrow();
        return Number(count);
      }),
    findCaptureSession: (sessionId) =>
      database.read('state_unavailable', async (db) => {
        const row = await db
          .selectFrom('session')
          .select('content')
          .where('session_id', '=', sessionId)
          .executeTakeFirst();
        return row === undefined ? null : fromContent(row.content);
      }),
    stepSession: (sessionId, step, now) =>
      database.write(
        'state_unavailable',
        async (db) => {
          const found = await sessionOf(db, sessionId);
          if (found === null) {
            throw new Fault('session_unknown', 'session_unknown', 'There is no such session.');
          }
          const next = applyStep(found, step, now);
          await put(db, found, next);
          return next;
        },
        locked(sessionId),
      ),
    async expireSessions(now, limit) {
      const due = await database.read('state_unavailable', (db) =>
        db
          .selectFrom('session')
          .select('session_id')
          .where('ended_at', 'is', null)
          .where('expires_at', '<=', now)
          .orderBy('expires_at')
          .limit(limit)
          .execute(),
      );
      let ended = 0;
      for (const { session_id: sessionId } of due) {
        const isEnded = await database.write(
          'state_unavailable',
          async (db) => {
            const found = await sessionOf(db, sessionId);
            if (found === null || isEnd(found.state)) return false;
            const next = applyStep(found, { kind: 'expire' }, now);
            await put(db, found, next);
            return isEnd(next.state);
          },
          locked(sessionId),
        );
        if (isEnded) ended += 1;
      }
      return ended;
    },
  };
}

const open = (db: Kysely<Tables>, now: number) =>
  db.selectFrom('session').where('ended_at', 'is', null).where('expires_at', '>', now);

/** @throws {Fault} `rate_limited` where an app has so many open sessions; until the first of them ends */
async function checkOpen(db: Kysely<Tables>, appid: string, now: number, mostOpen: number): Promise<void> {
  const { count, first } = await open(db, now)
    .where('appid', '=', appid)
    .select((eb) => [eb.fn.countAll<number>().as('count'), eb.fn.min('expires_at').as('first')])
    .executeTakeFirstOrThrow();
  if (Number(count) < mostOpen) return;
  const retryAfter = Math.max(1, Math.ceil((Number(first) - now) / 1000));
  const message = `The app has ${mostOpen} open sessions, as many as it may: the next one ends within ${retryAfter} s.`;
  throw new Fault('rate_limited', 'open_sessions', message, { retryAfter });
}

/** Deletes at most `limit` sessions that ended, or should have, a day ago; how many went. */
export async function dropSessions(db: Transaction<Tables>, now: number, limit: number): Promise<number> {
  const before = now - SESSION_KEPT_FOR;
  const { numAffectedRows } = await sql`delete from session where session_id in
    (select session_id from session where expires_at < ${before} and coalesce(ended_at, expires_at) < ${before}
    order by expires_at limit ${limit})`.execute(db);
  return Number(numAffectedRows ?? 0);
}

/** Deletes the session that a decision came from, with its webhook; `source` as in the ledger. How many. */
export async function eraseSessionOf(db: Transaction<Tables>, source: string): Promise<number> {
  if (!source.startsWith('session:')) return 0;
  const sessionId = source.slice('session:'.length);
  const { numDeletedRows } = await db
    .deleteFrom('session')
    .where('session_id', '=', sessionId)
    .executeTakeFirst();
  await db.deleteFrom('webhook').where('id', '=', source).execute();
  return Number(numDeletedRows);
}

async function sessionOf(db: Transaction<Tables>, sessionId: string): Promise<Session | null> {
  const row = await db
    .selectFrom('session')
    .select('content')
    .where('session_id', '=', sessionId)
    .executeTakeFirst();
  return row === undefined ? null : fromContent(row.content);
}

/**
 * An end puts the webhook's call down with it. One to a url that cannot be called is left out: the session
 * would never end, and stand before all others that are due.
 */
async function put(db: Transaction<Tables>, before: Session, next: Session): Promise<void> {
  if (next === before) return;
  const { session_id: sessionId, ...row } = toRow(next);
  await db.updateTable('session').set(row).where('session_id', '=', sessionId).execute();
  if (next.webhook === null || isEnd(before.state) || !isEnd(next.state)) return;
  if (webhookUrlProblem(next.webhook) !== null) return;
  await addWebhook(db, {
    id: `session:${sessionId}`,
    appid: next.appid,
    url: next.webhook,
    body: JSON.stringify({ event: 'session.ended', session: sessionView(next) }),
    at: next.endedAt ?? next.expiresAt,
    traceparent: next.traceparent ?? null,
  });
}

function toRow(session: Session) {
  const { sessionId, appid, reference, expiresAt, endedAt } = session;
  return {
    session_id: sessionId,
    appid,
    reference,
    expires_at: expiresAt,
    ended_at: endedAt,
    content: JSON.stringify(session),
  };
}

function fromContent(text: string): Session {
  return JSON.parse(text) as Session;
}
