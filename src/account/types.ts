/** State of an app. `suspended`: switched off for now (arrears in the old service); `closed`: for good. */
export type AppState = 'active' | 'suspended' | 'closed';

/** What an app may use; null means no limit. */
export interface AppLimits {
  /** Sustained requests a second. */
  readonly requestsPerSecond: number | null;
  /** How many may come at once on top of the sustained rate. */
  readonly burst: number | null;
  /** Requests running at the same moment. */
  readonly concurrent: number | null;
  /** Requests a UTC day. */
  readonly daily: number | null;
}

/** What an app decides for itself; null means the server's setting. */
export interface AppPolicy {
  /** Score above which a picture is taken for live, 0-100. */
  readonly threshold: number | null;
  readonly profile: 'careful' | 'fast' | null;
}

/** One caller's account. */
export interface App {
  readonly appid: string;
  readonly name: string;
  readonly state: AppState;
  /** Buckets the app may sign for; empty: not compared. */
  readonly buckets: readonly string[];
  readonly limits: AppLimits;
  readonly policy: AppPolicy;
  readonly createdAt: Date;
}

/** One SecretId/SecretKey pair, the key in the clear: only inside the process, never logged, never printed twice. */
export interface SecretPair {
  readonly secretId: string;
  readonly secretKey: string;
  readonly appid: string;
  readonly enabled: boolean;
  /** After this moment the pair no longer counts (rotation with overlap); null: no end. */
  readonly expiresAt: Date | null;
  readonly createdAt: Date;
  readonly lastUsedAt: Date | null;
}

/** Where accounts are kept. Every method rejects with a `Fault` of code 107 when the store does not answer. */
export interface AccountStore {
  findApp(appid: string): Promise<App | null>;
  /** The pair by its SecretId, whichever app it belongs to. */
  findSecret(secretId: string): Promise<SecretPair | null>;
  /** Remember that the pair was used; may be written later, in bulk. */
  touchSecret(secretId: string, at: Date): void;
}

/** Memory of single-use signatures. Rejects with a `Fault` of code 108 when the store does not answer. */
export interface ReplayStore {
  /**
   * Remember `digest` (hex of the signature's HMAC) until `until`. True when it was not known before; the memory is
   * durable before the promise resolves, and two simultaneous calls never both get true.
   */
  remember(digest: string, until: Date): Promise<boolean>;
}
