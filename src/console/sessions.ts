import { randomUUID } from 'node:crypto';
import { digestOf, newToken } from './tokens.ts';
import type { ConsoleStore, ConsoleUser, Session } from './types.ts';

/** From where a person signs in. */
export interface Origin {
  readonly address: string;
  /** What the browser calls itself. */
  readonly agent: string;
}

/** How long sessions last, in ms. */
export interface SessionTimes {
  /** Without use. */
  readonly idleMs: number;
  /** In all. */
  readonly absoluteMs: number;
}

/** A session that was just made: the token goes into the cookie, and is kept nowhere. */
export interface OpenedSession {
  readonly token: string;
  readonly session: Session;
}

/** A session that a request came with. */
export interface CurrentSession {
  readonly session: Session;
  readonly user: ConsoleUser;
  /** The token that takes the place of the one shown; null where it stays. */
  readonly nextToken: string | null;
}

/** Sessions of people who signed in. */
export interface Sessions {
  /** @param provenAt when the user showed who it is; null: nobody knows */
  open(userId: string, origin: Origin, provenAt?: Date | null): Promise<OpenedSession>;
  /** The session of a token; null where there is none, or it is over. */
  find(token: string): Promise<CurrentSession | null>;
  /** Whether a session goes on, for an answer that takes long; this is no use of it. */
  isOpen(session: Session): Promise<boolean>;
  /** When a session ends, if it is not used any more from now on. */
  endsAt(session: Session): Date;
}

/**
 * The token of a session in use is replaced this often, in ms: one that leaks is of use for so long at most.
 */
const ROTATE_AFTER = 3_600_000;
/** The use of a session is written this often at most, in ms. */
const TOUCH_AFTER = 60_000;
const AGENT_LENGTH = 200;

export function createSessions(store: ConsoleStore, clock: () => number, times: SessionTimes): Sessions {
  const endsAt = (session: Session) =>
    new Date(Math.min(session.expiresAt.getTime(), clock() + times.idleMs));

  async function rotated(session: Session, from: string): Promise<string | null> {
    const next = newToken();
    const isMine = await store.rotateSession(session.id, from, digestOf(next), new Date(clock()));
    return isMine ? next : null;
  }

  return {
    endsAt,
    async isOpen({ id }) {
      const now = clock();
      const found = await store.findSessionById(id, new Date(now));
      return found !== null && found.seenAt.getTime() + times.idleMs > now;
    },
    async open(userId, { address, agent }, provenAt = new Date(clock())) {
      const now = new Date(clock());
      const token = newToken();
      const session = {
        id: randomUUID(),
        userId,
        csrfToken: newToken(),
        createdAt: now,
        expiresAt: new Date(now.getTime() + times.absoluteMs),
        address,
        agent: agent.slice(0, AGENT_LENGTH),
        provenAt,
      };
      await store.openSession({ ...session, digest: digestOf(token) });
      return { token, session: { ...session, seenAt: now, rotatedAt: now } };
    },
    async find(token) {
      if (!/^[A-Za-z0-9_-]{43}$/.test(token)) return null;
      const now = clock();
      const digest = digestOf(token);
      const found = await store.findSession(digest, new Date(now));
      if (found === null) return null;
      const { session, user, isPrevious } = found;
      if (session.seenAt.getTime() + times.idleMs <= now) {
        await store.endSession(session.id);
        return null;
      }
      const isOld = !isPrevious && now - session.rotatedAt.getTime() >= ROTATE_AFTER;
      const nextToken = isOld ? await rotated(session, digest) : null;
      if (nextToken === null && now - session.seenAt.getTime() >= TOUCH_AFTER)
        await store.touchSession(session.id, new Date(now));
      return { session, user, nextToken };
    },
  };
}
