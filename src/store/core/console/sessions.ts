import { sql, type Transaction } from 'kysely';
import type { ConsoleStore, FoundSession, Session, Ticket, TicketKind } from '../../../console/types.ts';
import type { StoreDatabase } from '../database.ts';
import type { Tables } from '../tables.ts';
import type { ConsoleSessionTable, ConsoleTicketTable } from './tables.ts';
import { dropSessions, passkeysOf, toUser } from './users.ts';

/** How long the token that was replaced still counts, in ms: other requests are under way with it. */
const PREVIOUS_FOR = 60_000;

const MOST_LISTED = 200;

type SessionCalls = Pick<
  ConsoleStore,
  | 'openSession'
  | 'findSession'
  | 'touchSession'
  | 'rotateSession'
  | 'proveSession'
  | 'endSession'
  | 'endSessions'
  | 'findSessionById'
  | 'listSessions'
>;

/** Sessions of the console. */
export function createSessions(database: StoreDatabase): SessionCalls {
  return {
    openSession: (session) =>
      database.write('accounts_unavailable', async (db) => {
        const at = session.createdAt.getTime();
        await db
          .insertInto('console_session')
          .values({
            id: session.id,
            user_id: session.userId,
            digest: session.digest,
            previous_digest: null,
            csrf_token: session.csrfToken,
            created_at: at,
            seen_at: at,
            rotated_at: at,
            expires_at: session.expiresAt.getTime(),
            address: session.address,
            agent: session.agent,
            proven_at: session.provenAt?.getTime() ?? null,
          })
          .execute();
        await db
          .updateTable('console_user')
          .set({ last_sign_in_at: at })
          .where('id', '=', session.userId)
          .execute();
      }),
    findSession: (digest, now) =>
      database.read('accounts_unavailable', async (db): Promise<FoundSession | null> => {
        const row = await db
          .selectFrom('console_session')
          .selectAll()
          .where((eb) => eb.or([eb('digest', '=', digest), eb('previous_digest', '=', digest)]))
          .executeTakeFirst();
        if (row === undefined || row.expires_at <= now.getTime()) return null;
        const isPrevious = row.digest !== digest;
        if (isPrevious && row.rotated_at + PREVIOUS_FOR < now.getTime()) return null;
        const user = await db
          .selectFrom('console_user')
          .selectAll()
          .where('id', '=', row.user_id)
          .executeTakeFirst();
        if (user === undefined || user.enabled === 0) return null;
        return { session: toSession(row), user: toUser(user, await passkeysOf(db, user.id)), isPrevious };
      }),
    touchSession: (id, now) =>
      database.write('accounts_unavailable', async (db) => {
        await db
          .updateTable('console_session')
          .set({ seen_at: now.getTime() })
          .where('id', '=', id)
          .execute();
      }),
    rotateSession: (id, from, to, now) =>
      database.write('accounts_unavailable', async (db) => {
        const { numUpdatedRows } = await db
          .updateTable('console_session')
          .set({ digest: to, previous_digest: from, rotated_at: now.getTime(), seen_at: now.getTime() })
          .where('id', '=', id)
          .where('digest', '=', from)
          .executeTakeFirst();
        return Number(numUpdatedRows) > 0;
      }),
    proveSession: (id, now) =>
      database.write('accounts_unavailable', async (db) => {
        await db
          .updateTable('console_session')
          .set({ proven_at: now.getTime() })
          .where('id', '=', id)
          .execute();
      }),
    endSession: (id) =>
      database.write('accounts_unavailable', async (db) => {
        await db.deleteFrom('console_session').where('id', '=', id).execute();
      }),
    endSessions: (userId, except) =>
      database.write('accounts_unavailable', (db) => dropSessions(db, userId, except)),
    findSessionById: (id, now) =>
      database.read('accounts_unavailable', async (db) => {
        const row = await db
          .selectFrom('console_session')
          .innerJoin('console_user', 'console_user.id', 'console_session.user_id')
          .selectAll('console_session')
          .where('console_session.id', '=', id)
          .where('console_session.expires_at', '>', now.getTime())
          .where('console_user.enabled', '=', 1)
          .executeTakeFirst();
        return row === undefined ? null : toSession(row);
      }),
    listSessions: (userId, now) =>
      database.read('accounts_unavailable', async (db) => {
        const rows = await db
          .selectFrom('console_session')
          .selectAll()
          .where('user_id', '=', userId)
          .where('expires_at', '>', now.getTime())
          .orderBy('seen_at', 'desc')
          .orderBy('id')
          .limit(MOST_LISTED)
          .execute();
        return rows.map(toSession);
      }),
  };
}

function toSession(row: ConsoleSessionTable): Session {
  return {
    id: row.id,
    userId: row.user_id,
    csrfToken: row.csrf_token,
    createdAt: new Date(row.created_at),
    seenAt: new Date(row.seen_at),
    rotatedAt: new Date(row.rotated_at),
    expiresAt: new Date(row.expires_at),
    address: row.address,
    agent: row.agent,
    provenAt: row.proven_at === null ? null : new Date(row.proven_at),
  };
}

/** What can be used once. */
export function createTickets(
  database: StoreDatabase,
): Pick<ConsoleStore, 'putTicket' | 'findTicket' | 'takeTicket'> {
  return {
    putTicket: (ticket) =>
      database.write('accounts_unavailable', async (db) => {
        // The newest link is the one that counts: of a lost one nobody knows where it went.
        if (ticket.kind === 'setup')
          await db.deleteFrom('console_ticket').where('kind', '=', 'setup').execute();
        if (ticket.userId !== null && (ticket.kind === 'invite' || ticket.kind === 'totp'))
          await db
            .deleteFrom('console_ticket')
            .where('kind', '=', ticket.kind)
            .where('user_id', '=', ticket.userId)
            .execute();
        const { digest, kind, userId: user_id, data } = ticket;
        await db
          .insertInto('console_ticket')
          .values({ digest, kind, user_id, data, until: ticket.until.getTime() })
          .execute();
      }),
    findTicket: (kind, digest, now) =>
      database.read('accounts_unavailable', async (db) => {
        const row = await db
          .selectFrom('console_ticket')
          .selectAll()
          .where('digest', '=', digest)
          .executeTakeFirst();
        return usable(row, kind, now);
      }),
    takeTicket: (kind, digest, now) =>
      database.write('accounts_unavailable', async (db) => {
        const row = await db
          .deleteFrom('console_ticket')
          .where('digest', '=', digest)
          .where('kind', '=', kind)
          .returningAll()
          .executeTakeFirst();
        return usable(row, kind, now);
      }),
  };
}

function usable(row: ConsoleTicketTable | undefined, kind: TicketKind, now: Date): Ticket | null {
  if (row === undefined || row.kind !== kind || row.until <= now.getTime()) return null;
  return { kind, digest: row.digest, userId: row.user_id, data: row.data, until: new Date(row.until) };
}

/** Counts of failed sign-ins. */
export function createFailures(
  database: StoreDatabase,
): Pick<ConsoleStore, 'findFailures' | 'noteFailure' | 'lockUntil' | 'clearFailures'> {
  return {
    findFailures: (key) =>
      database.read('accounts_unavailable', async (db) => {
        const row = await db
          .selectFrom('console_failure')
          .selectAll()
          .where('key', '=', key)
          .executeTakeFirst();
        if (row === undefined) return null;
        const lockedUntil = row.until === null ? null : new Date(row.until);
        return { count: row.count, lastAt: new Date(row.last_at), lockedUntil };
      }),
    noteFailure: (key, now, forgetMs) =>
      database.write('accounts_unavailable', async (db) => {
        const at = now.getTime();
        const { rows } = await sql<{ count: number }>`insert into console_failure (key, count, last_at)
          values (${key}, 1, ${at}) on conflict (key) do update set last_at = ${at}, count =
          case when console_failure.last_at < ${at - forgetMs} then 1 else console_failure.count + 1 end
          returning count`.execute(db);
        return Number(rows[0]?.count ?? 1);
      }),
    lockUntil: (key, until) =>
      database.write('accounts_unavailable', async (db) => {
        await db
          .updateTable('console_failure')
          .set({ until: until.getTime() })
          .where('key', '=', key)
          .execute();
      }),
    clearFailures: (key) =>
      database.write('accounts_unavailable', async (db) => {
        await db.deleteFrom('console_failure').where('key', '=', key).execute();
      }),
  };
}

/** How long a count of failed sign-ins is kept, in ms. */
const FAILURES_FOR = 24 * 3_600_000;

/** Drops at most `limit` each of the sessions, tickets and counts that are over; how many. */
export async function dropConsoleEnded(db: Transaction<Tables>, now: number, limit: number): Promise<number> {
  const ended = [
    sql`delete from console_session where id in
      (select id from console_session where expires_at < ${now} order by expires_at limit ${limit})`,
    sql`delete from console_ticket where digest in
      (select digest from console_ticket where until < ${now} order by until limit ${limit})`,
    sql`delete from console_failure where key in
      (select key from console_failure where last_at < ${now - FAILURES_FOR} order by last_at limit ${limit})`,
  ];
  let dropped = 0;
  for (const statement of ended) dropped += Number((await statement.execute(db)).numAffectedRows ?? 0);
  return dropped;
}
