/** Who changes something. */
export interface Actor {
  /**
   * `system`: a user of this machine, at the command line or as the service itself; `console`: a user of the
   * console; `key`: an API key.
   */
  readonly kind: 'system' | 'console' | 'key';
  /** User name, or the id of the key. */
  readonly name: string;
  /** From where: an address, or the machine's name. */
  readonly from: string;
}

/** One change by an operator. Never a key, a password or a picture. */
export interface AdminEntry {
  /** What was done: `app.create`, `app.policy`, `key.disable`, `ledger.prune`, … */
  readonly action: string;
  /** What it was done to: an appid, a SecretId, …; empty where there is only one. */
  readonly target: string;
  /** JSON before and after; null where there was or is nothing. */
  readonly before: unknown;
  readonly after: unknown;
}

/** Which changes are wanted; a member left out does not narrow. */
export interface AdminFilter {
  /** From this time on, and before that one. */
  readonly since?: Date | undefined;
  readonly until?: Date | undefined;
  /** `app.policy`, or `app` for everything that begins with `app.`. */
  readonly action?: string | undefined;
  readonly target?: string | undefined;
  /** Name of who made the change, whole. */
  readonly actor?: string | undefined;
  /** Entries with smaller numbers than this alone. */
  readonly before?: number | undefined;
}

/** A change as it lies in the admin log: numbered, chained, never changed. */
export interface StoredAdminEntry extends AdminEntry {
  readonly id: number;
  readonly at: Date;
  readonly actor: Actor;
  readonly hash: string;
}
