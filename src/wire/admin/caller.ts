import type { FastifyContextConfig, FastifyReply, FastifyRequest } from 'fastify';
import { checkAdminKey } from '../../console/admin-keys.ts';
import type { Changes } from '../../console/changes.ts';
import type { Console } from '../../console/console.ts';
import { createPace } from '../../console/pace.ts';
import { allows, type Permission, type Role } from '../../console/permissions.ts';
import { needProof, PROOF_PERMISSIONS } from '../../console/proof.ts';
import { Refusal } from '../../console/refusal.ts';
import type { OpenedSession } from '../../console/sessions.ts';
import { isSame } from '../../console/tokens.ts';
import type { AdminKey, ConsoleUser, Session } from '../../console/types.ts';
import type { Actor } from '../../ledger/admin.ts';
import { peerGroup } from '../http/peer-group.ts';
import { sessionCookie, sessionToken } from './cookie.ts';

/**
 * Who may call a route: `none`: everybody; `any`: a user or an admin key, whatever the role; `user`: a user
 * who signed in; else the roles that have the permission.
 */
export type Access = 'none' | 'any' | 'user' | Permission;

/** Who calls. */
export type Caller =
  | {
      readonly kind: 'user';
      readonly role: Role;
      readonly user: ConsoleUser;
      readonly session: Session;
    }
  | { readonly kind: 'key'; readonly role: Role; readonly key: AdminKey };

declare module 'fastify' {
  interface FastifyRequest {
    /** Null where nobody is signed in. */
    caller: Caller | null;
    /** The caller's address, behind trusted proxies too. */
    callerAddress: string;
  }
  interface FastifyContextConfig {
    /** Every route of the admin API names one. */
    access?: Access;
    /** Whether a user must have shown a moment ago who it is; absent: as `PROOF_PERMISSIONS` say. */
    proof?: boolean;
  }
}

/** What the routes ask about who calls. */
export interface Callers {
  /** Finds out who calls, and refuses who may not. */
  admit(request: FastifyRequest, reply: FastifyReply): Promise<void>;
  /** Whether who was admitted still may call: for an answer that takes long. */
  isAdmitted(request: FastifyRequest): Promise<boolean>;
  /** Ends the session that a browser comes with, before it gets another. */
  leave(request: FastifyRequest): Promise<void>;
  /** Gives the browser the cookie of a new session. */
  signedIn(reply: FastifyReply, opened: OpenedSession): void;
  signedOut(reply: FastifyReply): void;
  /**
   * For a call that only some bodies make one that cannot be undone.
   * @throws {Refusal} `proof_needed`
   */
  needProof(request: FastifyRequest): void;
  /** The store's changes, under the name of who calls. */
  changes(request: FastifyRequest): Changes;
  /**
   * Lets a caller whom nobody knows begin what the store keeps for a while.
   * @throws {Refusal} `too_many_calls`
   */
  pace(request: FastifyRequest): void;
  /** What failed tries are counted for. */
  addressGroup(request: FastifyRequest): string;
  readonly isTls: () => boolean;
}

/** Sign-ins begun a minute, each a row for ten minutes at most. */
const BEGUN_A_MINUTE = { ofAddress: 60, inAll: 3000 } as const;

const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

export function createCallers(console: Console): Callers {
  const { backing, sessions, settings, clock } = console;
  const paceOfAddress = createPace(BEGUN_A_MINUTE.ofAddress, clock);
  const paceOfAll = createPace(BEGUN_A_MINUTE.inAll, clock);
  const isTls = () => settings.url().startsWith('https:');

  async function callerOf(request: FastifyRequest, reply: FastifyReply): Promise<Caller | null> {
    const { authorization, cookie } = request.headers;
    if (authorization !== undefined) {
      const key = await checkAdminKey(backing.console, keyIn(authorization), request.callerAddress, clock());
      return { kind: 'key', role: key.role, key };
    }
    const token = sessionToken(cookie, isTls());
    const found = token === undefined ? null : await sessions.find(token);
    if (found === null) return null;
    const { user, session, nextToken } = found;
    if (nextToken !== null) reply.header('set-cookie', sessionCookie(nextToken, isTls(), session.expiresAt));
    return { kind: 'user', role: user.role, user, session };
  }

  return {
    isTls,
    async admit(request, reply) {
      const { access = 'users' } = request.routeOptions.config;
      needSameSite(request);
      if (access === 'none') return;
      const caller = await callerOf(request, reply);
      if (caller === null || (access === 'user' && caller.kind !== 'user'))
        throw new Refusal('sign_in_needed', 'Nobody is signed in, or the session is over.');
      if (caller.kind === 'user') needCsrfToken(request, caller.session);
      if (access !== 'any' && access !== 'user' && !allows(caller.role, access))
        throw new Refusal('not_permitted', `The role ${caller.role} does not have the permission ${access}.`);
      if (caller.kind === 'user' && asksForProof(request.method, request.routeOptions.config))
        needProof(caller.session, clock());
      request.caller = caller;
    },
    async isAdmitted({ caller, callerAddress, headers }) {
      // A session ends with a change of its user's role or state.
      if (caller?.kind === 'user') return sessions.isOpen(caller.session);
      if (caller === null) return false;
      const text = keyIn(headers.authorization ?? '');
      return checkAdminKey(backing.console, text, callerAddress, clock()).then(
        () => true,
        (error: unknown) => {
          if (error instanceof Refusal) return false;
          throw error;
        },
      );
    },
    async leave({ headers }) {
      const token = sessionToken(headers.cookie, isTls());
      const found = token === undefined ? null : await sessions.find(token);
      if (found !== null) await backing.console.endSession(found.session.id);
    },
    signedIn(reply, { token, session }) {
      reply.header('set-cookie', sessionCookie(token, isTls(), session.expiresAt));
    },
    signedOut(reply) {
      reply.header('set-cookie', sessionCookie(null, isTls(), null));
    },
    needProof({ caller }) {
      if (caller?.kind === 'user') needProof(caller.session, clock());
    },
    changes: (request) => backing.as(actorOf(request)),
    pace({ callerAddress }) {
      paceOfAddress(peerGroup(callerAddress));
      paceOfAll('all');
    },
    addressGroup: (request) => peerGroup(request.callerAddress),
  };
}

/** Whether a route is for a user who showed a moment ago who it is; admin keys are their own proof. */
export function asksForProof(
  method: string,
  { access, proof }: Pick<FastifyContextConfig, 'access' | 'proof'>,
): boolean {
  if (proof !== undefined) return proof;
  return !SAFE.has(method) && (PROOF_PERMISSIONS as ReadonlySet<unknown>).has(access);
}

/** The admin key in an `Authorization` header; empty where there is none. */
const keyIn = (authorization: string): string =>
  /^Bearer ([\x21-\x7e]{1,200})$/i.exec(authorization)?.[1] ?? '';

/** Browsers say where a request comes from: another site has no business here, signed in or not. */
function needSameSite(request: FastifyRequest): void {
  const site = request.headers['sec-fetch-site'];
  if (SAFE.has(request.method) || site === undefined || site === 'same-origin' || site === 'none') return;
  throw new Refusal('csrf_token_wrong', 'The request comes from another site.');
}

function needCsrfToken(request: FastifyRequest, session: Session): void {
  const given = request.headers['x-csrf-token'];
  if (SAFE.has(request.method) || (typeof given === 'string' && isSame(given, session.csrfToken))) return;
  throw new Refusal('csrf_token_wrong', 'The header "x-csrf-token" is missing, or not that of this session.');
}

/** Who calls, for the log of changes. */
export function actorOf({ caller, callerAddress }: FastifyRequest): Actor {
  if (caller === null) return { kind: 'console', name: '', from: callerAddress };
  return caller.kind === 'user'
    ? { kind: 'console', name: caller.user.name, from: callerAddress }
    : { kind: 'key', name: caller.key.keyId, from: callerAddress };
}

/**
 * The user who calls a route with the access `user`.
 * @throws {Refusal} `sign_in_needed`
 */
export function userOf({ caller }: FastifyRequest): Extract<Caller, { readonly kind: 'user' }> {
  if (caller?.kind === 'user') return caller;
  throw new Refusal('sign_in_needed', 'Nobody is signed in.');
}
