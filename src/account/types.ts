import type { Fault } from '../faults.ts';
import type { CapturePreset, Profile, ReviewLimits } from '../liveness/types.ts';
import type { JudgingRules } from '../policy/policy.ts';
import type { ParsedSignature } from './signature/signature.ts';

/** Milliseconds since 1970 (UTC). Handed in, so that tests can set the time. */
export type Clock = () => number;

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
  readonly profile: Profile | null;
  /** What pictures must offer before they are judged. */
  readonly capture: CapturePreset | null;
  /** Between these probabilities nobody should act on a verdict alone. */
  readonly review: ReviewLimits | null;
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

/** A SecretId and what is known of it, without its key. */
export interface SecretSummary {
  readonly secretId: string;
  readonly appid: string;
  readonly enabled: boolean;
  /** After this moment the pair no longer counts (rotation with overlap); null: no end. */
  readonly expiresAt: Date | null;
  readonly createdAt: Date;
  readonly lastUsedAt: Date | null;
}

/**
 * One SecretId/SecretKey pair, the key in the clear: only inside the process, never logged, never printed
 * twice.
 */
export interface SecretPair extends SecretSummary {
  readonly secretKey: string;
}

/**
 * Where accounts are kept. Every method rejects with a `Fault` `accounts_unavailable` when the store does not
 * answer.
 */
export interface AccountStore {
  findApp(appid: string): Promise<App | null>;
  /** The pair by its SecretId, whichever app it belongs to. */
  findSecret(secretId: string): Promise<SecretPair | null>;
  /** The appid of an app that lists this bucket as its own; null when no app does. */
  findBucketOwner(bucket: string): Promise<string | null>;
  /** Remember that the pair was used; may be written later, in bulk. */
  touchSecret(secretId: string, at: Date): void;
}

/**
 * Memory of single-use signatures. Rejects with a `Fault` `state_unavailable` when the store does not answer.
 */
export interface ReplayStore {
  /**
   * Remember `digest` (hex of the signature's HMAC) until `until`. True when it was not known before; the
   * memory is durable before the promise resolves, and two simultaneous calls never both get true.
   */
  remember(digest: string, until: Date): Promise<boolean>;
  /** Whether `digest` is remembered; nothing is used up. */
  isUsed(digest: string): Promise<boolean>;
}

/** Daily counts of requests. Rejects with a `Fault` `state_unavailable` when the store does not answer. */
export interface UsageStore {
  /**
   * Count `count` more requests (one where nothing is given) of `appid` on the UTC day `day` (`2026-11-23`)
   * unless they would be more than `limit`. The number counted so far, these included, or null when they were
   * too many, and none was counted; the count is durable before the promise resolves, and shared by every
   * process on the same data folder.
   */
  consume(appid: string, day: string, limit: number, count?: number): Promise<number | null>;
  /** How many were counted for `appid` on the UTC day `day`. Only apps with a daily limit are counted. */
  used(appid: string, day: string): Promise<number>;
}

/**
 * Rates of apps, counted for all nodes together. Rejects with a `Fault` `state_unavailable` when the store
 * does not answer.
 */
export interface RateStore {
  /**
   * Take one token out of the bucket of `appid`, which holds `capacity` at most and is filled with
   * `perSecond` a second. Null when there was one; else the seconds until there is one.
   */
  take(appid: string, perSecond: number, capacity: number): Promise<number | null>;
}

/**
 * Simultaneous requests of apps, counted for all nodes together. Rejects with a `Fault` `state_unavailable`
 * when the store does not answer.
 */
export interface PermitStore {
  /**
   * Take one of the `limit` permits of `appid`. Null where all are taken; else what gives it back, which
   * never throws. The permit of a process that ended comes free by itself, within ten seconds.
   */
  take(appid: string, limit: number): Promise<(() => void) | null>;
}

/** Which apps are wanted; a member left out does not narrow. */
export interface AppSearch {
  /** Stands in the name, whatever the case of its letters, or at the start of the appid. */
  readonly text?: string | undefined;
  readonly state?: AppState | undefined;
}

/** What a new app is made of; the rest starts as `active`, without limits. */
export interface NewApp {
  readonly appid: string;
  readonly name: string;
  readonly buckets?: readonly string[];
  readonly limits?: Partial<AppLimits>;
  readonly policy?: Partial<AppPolicy>;
}

/** A pair to keep: made here or brought along. */
export interface NewSecret {
  readonly secretId: string;
  readonly secretKey: string;
}

/**
 * Changing accounts. Every method rejects with a `UsageError` when what was asked cannot be done
 * (`app_unknown`, `app_exists`, `secret_unknown`, `secret_exists`, `app_closed`, `invalid_…`), and with a
 * `Fault` `accounts_unavailable` when the store does not answer. A change is durable when the promise
 * resolves, and counts from the next request on.
 */
export interface AccountAdmin {
  /** Make an app and its first pair in one step. */
  createApp(app: NewApp, secret: NewSecret): Promise<App>;
  /**
   * All apps, oldest first; with `limit` the first so many, at a cost that does not grow with the others.
   * @param after the appid behind which the list begins
   */
  listApps(limit?: number, after?: string, wanted?: AppSearch): Promise<readonly App[]>;
  /** The appid of an app, not closed, whose policy names one of these profiles; null when none does. */
  findAppWithProfile(profiles: readonly Profile[]): Promise<string | null>;
  /**
   * Changes what is named, all of it or nothing.
   * @param ifVersion the state that the change was made for (`appVersion`); null: whatever it is now
   * @throws {UsageError} `changed_meanwhile`, and those of each change
   */
  changeApp(appid: string, change: AppChange, ifVersion: string | null): Promise<ChangedApp>;
  /** Set the state. A closed app cannot be opened again. */
  setAppState(appid: string, state: AppState): Promise<App>;
  /** Change the limits named in `limits`; null lifts one. */
  setLimits(appid: string, limits: Partial<AppLimits>): Promise<App>;
  /** Change the settings named in `policy`; null goes back to the server's. */
  setPolicy(appid: string, policy: Partial<AppPolicy>): Promise<App>;
  /** Replace the list of buckets; empty: buckets are not compared. */
  setBuckets(appid: string, buckets: readonly string[]): Promise<App>;
  addSecret(appid: string, secret: NewSecret): Promise<SecretSummary>;
  /** The pairs of one app, oldest first, without their keys. */
  listSecrets(appid: string): Promise<readonly SecretSummary[]>;
  setSecretEnabled(secretId: string, enabled: boolean): Promise<SecretSummary>;
  /** Add `next` to the app of `secretId` and let the old pair end at `oldEndsAt`, in one step. */
  rotateSecret(secretId: string, next: NewSecret, oldEndsAt: Date): Promise<SecretSummary>;
  /**
   * Encrypt every stored SecretKey anew: under a new master key when the keys lie in the file `master.key`,
   * under the first one when they come from the environment. May be cut off at any moment and begun again.
   */
  rotateMasterKey(): Promise<MasterKeyRotation>;
}

/** Changes of an app that are made together; a member left out stays. */
export interface AppChange {
  readonly name?: string | undefined;
  readonly state?: AppState | undefined;
  readonly limits?: Partial<AppLimits> | undefined;
  readonly buckets?: readonly string[] | undefined;
  readonly policy?: Partial<AppPolicy> | undefined;
  readonly rules?: Partial<JudgingRules> | undefined;
}

/** An app after a change, and its rules. */
export interface ChangedApp {
  readonly app: App;
  readonly rules: JudgingRules;
}

/** What a rotation of the master key did. */
export interface MasterKeyRotation {
  /** Short name of the key now in use; says nothing of the key itself. */
  readonly keyId: string;
  /** SecretKeys encrypted anew. */
  readonly reencrypted: number;
}

/** Settings of the signature check, from the configuration. Durations in seconds. */
export interface SignatureSettings {
  /** How far `t` may lie in the future. */
  readonly skewSeconds: number;
  /** How long after `t` a single-use signature is accepted. */
  readonly windowSeconds: number;
  /** The longest `e - t` of a multi-use signature. */
  readonly maxDays: number;
  /** Let a `sign` member of the body stand in for a missing `Authorization` header. */
  readonly bodySign: boolean;
}

/** What the authenticator needs of a request. */
export interface AuthenticationRequest {
  /** The `Authorization` header as received; undefined when there was none. */
  readonly authorization: string | undefined;
  /** The same header as `tryReadSignature` took it apart, where that was done before. */
  readonly read?: ParsedSignature | Fault | undefined;
  /** The `appid` of the body, as text. */
  readonly bodyAppid: string;
  /** The `sign` member of the body, if any. */
  readonly bodySign?: string | undefined;
}

/** Who calls, once everything was checked. */
export interface Caller {
  readonly app: App;
  readonly secretId: string;
  readonly singleUse: boolean;
}

/** Says who calls, or why not. */
export interface Authenticator {
  /**
   * Check signature, account and replay in the contract's order.
   * @throws {Fault} `signature_missing`, `signature_malformed`, `app_unknown`, `key_unknown`, `key_unusable`,
   * `signature_invalid`, `signature_expired`, `app_suspended`, `app_closed`, `signature_replayed`,
   * `signature_misdirected`, `bucket_unknown`; `accounts_unavailable` and `state_unavailable` when a store
   * does not answer. `reason` says precisely why, `message` says it in words for the log; neither holds a key
   * or a signature
   */
  authenticate(request: AuthenticationRequest): Promise<Caller>;
  /**
   * Whether the header's signature was made with an enabled key, whatever else may be wrong with it; true too
   * where the body may still bring one. Nothing is used up.
   * @throws {Fault} `accounts_unavailable` when the store does not answer
   */
  mayHoldKey(read: ParsedSignature | Fault): Promise<boolean>;
}

/** One admitted request: give it back when the request is done. */
export interface Permit {
  /** Frees the place among the app's simultaneous requests. Calling it twice does no harm. */
  release(): void;
}

/** Holds apps to their limits. */
export interface Limiter {
  /**
   * Take a place for one request of `app`.
   * @throws {Fault} `rate_limited` (`rate`, `concurrent`, `daily`) with `retryAfter` in whole seconds;
   * `state_unavailable` when the daily count cannot be kept
   */
  admit(app: App): Promise<Permit>;
  /**
   * Count the pictures of a batch as requests of the day: all of them, or none where they are more than are
   * left.
   * @throws {Fault} `rate_limited` `daily`; `state_unavailable` when the daily count cannot be kept
   */
  countPictures(app: App, pictures: number): Promise<void>;
}
