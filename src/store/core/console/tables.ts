/** See `console/types.ts`. Times are milliseconds since 1970. */
export interface ConsoleUserTable {
  readonly id: string;
  readonly name: string;
  /** The name in lower case: unique. */
  readonly name_key: string;
  readonly role: string;
  readonly enabled: number;
  readonly password: string | null;
  /** The TOTP secret, encrypted as SecretKeys are, and under which master key. */
  readonly totp_sealed: Uint8Array | ArrayBuffer | null;
  readonly totp_key_id: string | null;
  /** The last time step of which a code was taken. */
  readonly totp_step: number | null;
  readonly created_at: number;
  readonly last_sign_in_at: number | null;
  /** Who the user is at an OpenID Connect provider; both null for users with a password of their own. */
  readonly issuer: string | null;
  readonly subject: string | null;
}

export interface ConsoleSessionTable {
  readonly id: string;
  readonly user_id: string;
  /** SHA-256 of the token in the cookie, hex; and of the one before it. */
  readonly digest: string;
  readonly previous_digest: string | null;
  readonly csrf_token: string;
  readonly created_at: number;
  readonly seen_at: number;
  readonly rotated_at: number;
  readonly expires_at: number;
  readonly address: string;
  readonly agent: string;
  /** Null: never, or not that this version knows. */
  readonly proven_at: number | null;
}

export interface ConsoleTicketTable {
  readonly digest: string;
  readonly kind: string;
  readonly user_id: string | null;
  readonly data: string | null;
  readonly until: number;
}

export interface ConsoleFailureTable {
  readonly key: string;
  readonly count: number;
  readonly last_at: number;
  readonly until: number | null;
}

export interface ConsolePasskeyTable {
  readonly id: string;
  readonly user_id: string;
  readonly name: string;
  readonly public_key: string;
  readonly counter: number;
  /** JSON array of texts. */
  readonly transports: string;
  readonly created_at: number;
  readonly last_used_at: number | null;
}

export interface AdminKeyTable {
  readonly key_id: string;
  readonly name: string;
  readonly role: string;
  readonly digest: string;
  /** JSON array of texts. */
  readonly networks: string;
  readonly expires_at: number | null;
  readonly created_at: number;
  readonly last_used_at: number | null;
  /** Id of the user; null: nobody of the console. */
  readonly made_by: string | null;
}

/** The tables of the console. */
export interface ConsoleTables {
  readonly console_user: ConsoleUserTable;
  readonly console_session: ConsoleSessionTable;
  readonly console_ticket: ConsoleTicketTable;
  readonly console_failure: ConsoleFailureTable;
  readonly console_passkey: ConsolePasskeyTable;
  readonly admin_key: AdminKeyTable;
}
