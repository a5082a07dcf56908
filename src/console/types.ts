import type { Role } from './permissions.ts';

/** A user of the console as others may see one. */
export interface ConsoleUser {
  readonly id: string;
  /** What the user signs in with; unique, whatever the case of its letters. */
  readonly name: string;
  readonly role: Role;
  readonly enabled: boolean;
  /** Whether a password was set; a user without one was invited and has not come yet, or was reset. */
  readonly hasPassword: boolean;
  readonly totp: boolean;
  readonly passkeys: number;
  /** The issuer that the user signs in at; null: here, with a password or passkey. */
  readonly provider: string | null;
  readonly createdAt: Date;
  readonly lastSignInAt: Date | null;
}

/** A user with what a sign-in is checked against. */
export interface StoredUser {
  readonly user: ConsoleUser;
  /** See `password.ts`. */
  readonly password: string | null;
  /** The TOTP secret, base32; null while it is not in use. */
  readonly totpSecret: string | null;
}

/**
 * Who somebody is at an OpenID Connect provider: the only pair that names one person for good (Core 1.0
 * §5.7).
 */
export interface Identity {
  readonly issuer: string;
  readonly subject: string;
}

/** What is kept of a new user. */
export interface NewUser {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly password: string | null;
  /** Given: the user signs in at that provider, and has no password, code or passkey here. */
  readonly identity?: Identity | undefined;
}

/** A change of a user; a member left out stays. */
export interface UserChange {
  readonly name?: string | undefined;
  readonly role?: Role | undefined;
  readonly enabled?: boolean | undefined;
  /** Hash of the new password; null: none, so that the user cannot sign in with one. */
  readonly password?: string | null | undefined;
  /** Base32; null: TOTP is no longer asked for. */
  readonly totpSecret?: string | null | undefined;
  /** True: all passkeys go. */
  readonly dropPasskeys?: boolean | undefined;
  /** True: the admin keys of who is an administrator no more stay. */
  readonly keepAdminKeys?: boolean | undefined;
}

/** A session: what a cookie stands for. */
export interface Session {
  readonly id: string;
  readonly userId: string;
  /** Random; asked for with every change that comes with a cookie. */
  readonly csrfToken: string;
  readonly createdAt: Date;
  readonly seenAt: Date;
  /** When the token in the cookie was last replaced. */
  readonly rotatedAt: Date;
  /** The end of the session, however much it is used. */
  readonly expiresAt: Date;
  readonly address: string;
  /** What the browser calls itself, cut short. */
  readonly agent: string;
  /** When its user last showed who it is, as at a sign-in; null: nobody knows. */
  readonly provenAt: Date | null;
}

/** A session as it is made: `digest` is the SHA-256 of the token in the cookie, hex. */
export interface NewSession extends Omit<Session, 'seenAt' | 'rotatedAt'> {
  readonly digest: string;
}

/** A session, its user, and which of its two tokens was shown. */
export interface FoundSession {
  readonly session: Session;
  readonly user: ConsoleUser;
  /** True: the token that was replaced a moment ago. */
  readonly isPrevious: boolean;
}

/**
 * What can be used once: `setup` makes the first administrator, `invite` sets a password, `challenge` is what
 * a passkey signs, `totp` a secret that is not confirmed yet, `oidc` a sign-in that is under way elsewhere.
 */
export type TicketKind = 'setup' | 'invite' | 'challenge' | 'totp' | 'oidc';

/** A ticket: found under the SHA-256 of what the person or browser holds. */
export interface Ticket {
  readonly kind: TicketKind;
  readonly digest: string;
  readonly userId: string | null;
  /** JSON or text, for the kind to read. */
  readonly data: string | null;
  readonly until: Date;
}

/** How often a sign-in failed, by user or address. */
export interface Failures {
  readonly count: number;
  readonly lastAt: Date;
  /** Null: another try may be made at once. */
  readonly lockedUntil: Date | null;
}

/** A passkey as it is listed. */
export interface Passkey {
  /** Credential id, base64url. */
  readonly id: string;
  readonly userId: string;
  readonly name: string;
  readonly createdAt: Date;
  readonly lastUsedAt: Date | null;
}

/** A passkey with what its signatures are checked against. */
export interface StoredPasskey extends Passkey {
  /** COSE key, base64url. */
  readonly publicKey: string;
  readonly counter: number;
  readonly transports: readonly string[];
}

/** A key of the admin API, for programs; the key itself is kept nowhere. */
export interface AdminKey {
  /** The public beginning: `lsa_` and 12 letters or digits. */
  readonly keyId: string;
  readonly name: string;
  readonly role: Role;
  /** Networks it may be used from; empty: from everywhere. */
  readonly networks: readonly string[];
  readonly expiresAt: Date | null;
  readonly createdAt: Date;
  readonly lastUsedAt: Date | null;
  /**
   * Id of the user who made it, also with a key that the user had made; null: nobody of the console did. The
   * user may be gone.
   */
  readonly madeBy: string | null;
}

/** What is kept of a new admin key. */
export interface NewAdminKey extends Omit<AdminKey, 'createdAt' | 'lastUsedAt'> {
  /** SHA-256 of the whole key, hex. */
  readonly digest: string;
}

/** What a user is found by. */
export type UserKey = { readonly id: string } | { readonly name: string } | { readonly identity: Identity };

/** Reading what the console needs, and what changes with every use of it. */
export interface ConsoleStore {
  /** All users, by name. */
  listUsers(): Promise<readonly ConsoleUser[]>;
  hasUsers(): Promise<boolean>;
  findUser(by: UserKey): Promise<StoredUser | null>;
  /** Takes the time step of a TOTP code: false where that step, or a later one, was taken before. */
  takeTotpStep(userId: string, step: number): Promise<boolean>;
  openSession(session: NewSession): Promise<void>;
  /** The session of a token that is not over, its user enabled. */
  findSession(digest: string, now: Date): Promise<FoundSession | null>;
  /** Remembers that a session was used. */
  touchSession(id: string, now: Date): Promise<void>;
  /** Gives a session another token, once: false where another request did so in the meantime. */
  rotateSession(id: string, from: string, to: string, now: Date): Promise<boolean>;
  /** Remembers that the user of a session showed who it is. */
  proveSession(id: string, now: Date): Promise<void>;
  endSession(id: string): Promise<void>;
  /** Ends all sessions of a user but one; how many. */
  endSessions(userId: string, except: string | null): Promise<number>;
  /** A session by its id, if it is not over and its user is enabled. */
  findSessionById(id: string, now: Date): Promise<Session | null>;
  /** The sessions of a user, those used last first, at most 200. */
  listSessions(userId: string, now: Date): Promise<readonly Session[]>;
  putTicket(ticket: Ticket): Promise<void>;
  /** A ticket that is not over. */
  findTicket(kind: TicketKind, digest: string, now: Date): Promise<Ticket | null>;
  /** As `findTicket`, and the ticket is used up: of several that take it together one gets it. */
  takeTicket(kind: TicketKind, digest: string, now: Date): Promise<Ticket | null>;
  /** Failed sign-ins under a name such as `address:192.0.2.7`. */
  findFailures(key: string): Promise<Failures | null>;
  /** One more: counted from one again where the last is longer ago than `forgetMs`. */
  noteFailure(key: string, now: Date, forgetMs: number): Promise<number>;
  lockUntil(key: string, until: Date): Promise<void>;
  clearFailures(key: string): Promise<void>;
  listPasskeys(userId: string): Promise<readonly StoredPasskey[]>;
  findPasskey(id: string): Promise<StoredPasskey | null>;
  /** Keeps the counter of a signature: false where it did not grow, as that of a copied key does not. */
  usePasskey(id: string, counter: number, now: Date): Promise<boolean>;
  listAdminKeys(): Promise<readonly AdminKey[]>;
  findAdminKey(keyId: string): Promise<(AdminKey & { readonly digest: string }) | null>;
  touchAdminKey(keyId: string, now: Date): Promise<void>;
  /**
   * How many requests each key of an app, or of all apps, made since a moment; at most so many rows are read.
   */
  recentUse(appid: string | null, since: Date): Promise<RecentUse>;
}

/** Requests since a moment, from the ledger. */
export interface RecentUse {
  /** By appid. */
  readonly apps: Readonly<Record<string, number>>;
  /** By SecretId, or id of an API key. */
  readonly keys: Readonly<Record<string, number>>;
  /** True: there were more rows than are counted, and the numbers are too low. */
  readonly isCut: boolean;
}

/** Changes for the admin log. Rejects with a `UsageError` where one cannot be made. */
export interface ConsoleAdmin {
  /**
   * @param onlyFirst refused with `setup_done` where there is a user already
   * @throws {UsageError} `user_exists`, `setup_done`
   */
  addUser(user: NewUser, onlyFirst?: boolean): Promise<ConsoleUser>;
  /**
   * Changes a user, and ends the sessions that the change concerns (role, enabled, password, TOTP), but one.
   * The admin keys of who is an administrator no more go with it.
   * @throws {UsageError} `user_unknown`, `user_exists`, `last_administrator`, `user_of_provider`
   */
  changeUser(id: string, change: UserChange, keepSession?: string | null): Promise<ConsoleUser>;
  /**
   * Removes a user, and the admin keys that the user made.
   * @throws {UsageError} `user_unknown`, `last_administrator`
   */
  removeUser(id: string, keepAdminKeys?: boolean): Promise<void>;
  /** @throws {UsageError} `user_unknown`, `user_of_provider` */
  addPasskey(passkey: Omit<StoredPasskey, 'createdAt' | 'lastUsedAt'>): Promise<Passkey>;
  /** @throws {UsageError} `passkey_unknown` */
  renamePasskey(userId: string, id: string, name: string): Promise<Passkey>;
  /** @throws {UsageError} `passkey_unknown` */
  removePasskey(userId: string, id: string): Promise<void>;
  addAdminKey(key: NewAdminKey): Promise<AdminKey>;
  /** @throws {UsageError} `admin_key_unknown` */
  removeAdminKey(keyId: string): Promise<void>;
}
