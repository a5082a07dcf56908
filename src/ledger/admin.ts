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

/**
 * What the service and its commands write into the admin log: the group before the point, then what was done.
 */
export const ADMIN_ACTIONS = [
  'app.create',
  'app.rename',
  'app.state',
  'app.limits',
  'app.policy',
  'app.rules',
  'app.buckets',
  'key.create',
  'key.disable',
  'key.enable',
  'key.rotate',
  'api_key.create',
  'api_key.disable',
  'api_key.enable',
  'api_key.rotate',
  'signature.make',
  'user.create',
  'user.change',
  'user.remove',
  'user.reset',
  'user.second_factor_off',
  'user.password',
  'user.totp_on',
  'user.totp_off',
  'user.passkey_add',
  'user.passkey_rename',
  'user.passkey_remove',
  'admin_key.create',
  'admin_key.remove',
  'master_key.rotate',
  'review.mark',
  'operating_points.set',
  'operating_points.remove',
  'batch.submit',
  'batch.pause',
  'batch.resume',
  'batch.cancel',
  'batch.erase',
  'ledger.erase',
  'ledger.export',
  'ledger.prune',
  'ledger.gap',
  'store.backup',
  'store.copy',
  'store.migrate',
  'store.restore',
  'service.start',
] as const;

/** One of `ADMIN_ACTIONS`. */
export type AdminAction = (typeof ADMIN_ACTIONS)[number];

/** One change by an operator. Never a key, a password or a picture. */
export interface AdminEntry {
  readonly action: AdminAction;
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
export interface StoredAdminEntry extends Omit<AdminEntry, 'action'> {
  /** One of `ADMIN_ACTIONS`, or what another version calls it. */
  readonly action: string;
  readonly id: number;
  readonly at: Date;
  readonly actor: Actor;
  readonly hash: string;
}
