import { randomUUID } from 'node:crypto';
import { checkName } from '../account/validate.ts';
import { UsageError } from '../faults.ts';
import { checkNewPassword, type Passwords } from './password.ts';
import { ROLES, type Role } from './permissions.ts';
import { Refusal } from './refusal.ts';
import { digestOf, newToken } from './tokens.ts';
import type { ConsoleAdmin, ConsoleStore, ConsoleUser, Ticket, UserChange } from './types.ts';

/** How long the link for the first administrator counts, and one for another user, in ms. */
export const LINK_TIMES = { setup: 24 * 3_600_000, invite: 72 * 3_600_000 } as const;

/** A link by which a person sets a password, once. */
export interface Link {
  readonly token: string;
  readonly until: Date;
}

/** What changes of users need. */
export interface UserParts {
  readonly store: ConsoleStore;
  readonly passwords: Pick<Passwords, 'hash'>;
  readonly clock: () => number;
}

/** Adds, changes and resets users; the console and the command line both work through this. */
export interface Users {
  /**
   * The link for the first administrator; the one before it no longer counts. Null where there is a user
   * already.
   */
  setupLink(): Promise<Link | null>;
  /**
   * Makes the first administrator, or sets the password of the user that the link is for.
   * @param changesBy the changes under the name of the one who does that
   * @throws {Refusal} `link_unusable`
   * @throws {UsageError} `invalid_name`, `invalid_password`, `setup_done`
   */
  useLink(
    given: { readonly token: string; readonly name: string; readonly password: string },
    changesBy: (name: string) => ConsoleAdmin,
  ): Promise<ConsoleUser>;
  /** @throws {UsageError} `invalid_name`, `invalid_role`, `user_exists` */
  add(
    changes: ConsoleAdmin,
    user: { readonly name: string; readonly role: Role },
  ): Promise<{ readonly user: ConsoleUser; readonly link: Link }>;
  /**
   * @throws {UsageError} `invalid_name`, `invalid_role`, `user_unknown`, `user_exists`, `last_administrator`
   */
  change(
    changes: ConsoleAdmin,
    id: string,
    change: Pick<UserChange, 'name' | 'role' | 'enabled' | 'keepAdminKeys'>,
  ): Promise<ConsoleUser>;
  /**
   * Takes password, TOTP and passkeys from a user, and ends the sessions: for one who lost them.
   * @throws {UsageError} `user_unknown`, `user_of_provider`
   */
  reset(changes: ConsoleAdmin, id: string): Promise<{ readonly user: ConsoleUser; readonly link: Link }>;
  /**
   * Takes TOTP and passkeys from a user, and ends the sessions: the password alone counts then.
   * @throws {UsageError} `user_unknown`
   */
  resetSecondFactor(changes: ConsoleAdmin, id: string): Promise<ConsoleUser>;
  /**
   * @param keepSession the session that the change is made in
   * @throws {UsageError} `invalid_password`
   */
  setPassword(
    changes: ConsoleAdmin,
    user: ConsoleUser,
    password: string,
    keepSession: string | null,
  ): Promise<ConsoleUser>;
}

export function createUsers({ store, passwords, clock }: UserParts): Users {
  async function link(kind: 'setup' | 'invite', userId: string | null): Promise<Link> {
    const token = newToken();
    const until = new Date(clock() + LINK_TIMES[kind]);
    await store.putTicket({ kind, digest: digestOf(token), userId, data: null, until });
    return { token, until };
  }

  /** The ticket of a token, without using it up. */
  async function ticketOf(token: string): Promise<Ticket> {
    const now = new Date(clock());
    const digest = digestOf(token);
    const found =
      (await store.findTicket('setup', digest, now)) ?? (await store.findTicket('invite', digest, now));
    if (found !== null) return found;
    throw unusable();
  }

  return {
    setupLink: async () => ((await store.hasUsers()) ? null : link('setup', null)),
    async useLink({ token, name, password }, changesBy) {
      const ticket = await ticketOf(token);
      const known = ticket.userId === null ? null : await store.findUser({ id: ticket.userId });
      const named = known?.user.name ?? name;
      if (ticket.userId === null) checkName(named);
      checkNewPassword(password, named);
      const hash = await passwords.hash(password);
      if ((await store.takeTicket(ticket.kind, ticket.digest, new Date(clock()))) === null) throw unusable();
      const changes = changesBy(named);
      if (ticket.kind === 'invite') {
        if (known === null || !known.user.enabled) throw unusable();
        return changes.changeUser(known.user.id, { password: hash });
      }
      return changes.addUser({ id: randomUUID(), name, role: 'administrator', password: hash }, true);
    },
    async add(changes, { name, role }) {
      checkName(name);
      checkRole(role);
      const user = await changes.addUser({ id: randomUUID(), name, role, password: null });
      return { user, link: await link('invite', user.id) };
    },
    async change(changes, id, { name, role, enabled, keepAdminKeys }) {
      if (name !== undefined) checkName(name);
      if (role !== undefined) checkRole(role);
      return changes.changeUser(id, { name, role, enabled, keepAdminKeys });
    },
    async reset(changes, id) {
      const provider = (await store.findUser({ id }))?.user.provider ?? null;
      if (provider !== null) throw ofProvider(provider);
      const user = await changes.changeUser(id, { password: null, totpSecret: null, dropPasskeys: true });
      return { user, link: await link('invite', id) };
    },
    resetSecondFactor: (changes, id) => changes.changeUser(id, { totpSecret: null, dropPasskeys: true }),
    async setPassword(changes, user, password, keepSession) {
      checkNewPassword(password, user.name);
      return changes.changeUser(user.id, { password: await passwords.hash(password) }, keepSession);
    },
  };
}

const ofProvider = (provider: string) =>
  new UsageError('user_of_provider', `the user signs in at ${provider}: there is nothing to reset here`);

const unusable = () =>
  new Refusal('link_unusable', 'The link was used already, is too old, or a newer one was made.');

/** @throws {UsageError} `invalid_role` */
export function checkRole(role: Role): void {
  if (!ROLES.includes(role))
    throw new UsageError(
      'invalid_role',
      `role: expected one of ${ROLES.join(', ')}, found ${JSON.stringify(role)}`,
    );
}
