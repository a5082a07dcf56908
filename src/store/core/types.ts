import type { ApiKeyAdmin, ApiKeyStore } from '../../account/api-key/api-key.ts';
import type { IdempotencyBounds, IdempotencyStore } from '../../account/api-key/idempotency.ts';
import type {
  AccountAdmin,
  AccountStore,
  PermitStore,
  RateStore,
  ReplayStore,
  UsageStore,
} from '../../account/types.ts';
import type { Changes } from '../../console/changes.ts';
import type { OwnPointsStore } from '../../console/own-points.ts';
import type { ReviewStore } from '../../console/review.ts';
import type { ConsoleAdmin, ConsoleStore } from '../../console/types.ts';
import type { BatchStore } from '../../jobs/types.ts';
import type { Actor } from '../../ledger/admin.ts';
import type { ScoreStore } from '../../ledger/score-drift.ts';
import type { LedgerOverview } from '../../ledger/search.ts';
import type { CallHealth, StoreHealth } from '../../ledger/store-health.ts';
import type { Chains, Ledger, LedgerReader, Upkeep } from '../../ledger/types.ts';
import type { RulesStore } from '../../policy/policy.ts';
import type { SessionStore } from '../../session/types.ts';
import type { WebhookStore } from '../../webhook/types.ts';
import type { Migrated } from './migrated.ts';
import type { PostgresSettings } from './postgres-settings.ts';
import type { RedisSettings } from './redis-settings.ts';

/** How a store is opened. */
export interface StoreOptions {
  /** The data folder: `livestill.sqlite`, its side files and `master.key` lie in it. */
  readonly dataDir: string;
  /**
   * A PostgreSQL database in place of the SQLite file. The data folder then holds the keys and the node's
   * name.
   */
  readonly postgres?: PostgresSettings | undefined;
  /**
   * A Redis server for what nodes on one PostgreSQL database share and what is short-lived: used signatures,
   * rates, permits, counts of the day.
   */
  readonly redis?: RedisSettings | undefined;
  /**
   * The name of this node's chain in a database that several write into. One that ends with an asterisk: the
   * first number in its place that no running node has. Without it: the file `node.name`, made where it is
   * missing.
   */
  readonly node?: string | undefined;
  /**
   * Make folder, database and master key where they are missing (default true); false: a missing one is an
   * error.
   */
  readonly create?: boolean;
  /**
   * The value of `LIVESTILL_MASTER_KEY`: one key or several with commas, the newest first. Without it: the
   * file `master.key`.
   */
  readonly masterKey?: string | undefined;
  /**
   * The value of `LIVESTILL_AUDIT_KEY`, the key that signs the chains. Without it: the file `audit.key`, made
   * where it is missing.
   */
  readonly auditKey?: string | undefined;
  /** Who changes something through this store, for the admin log. */
  readonly actor?: Actor | undefined;
  /**
   * Run SQLite in a thread of its own (default true), so that a slow or locked disk never holds up the event
   * loop. False suits short commands.
   */
  readonly thread?: boolean;
  /** `full` (default): a commit survives a power cut. `normal`: it survives only the end of the process. */
  readonly sync?: 'full' | 'normal';
  /** How long a write waits for another process's lock, in ms (default 3000). */
  readonly lockWaitMs?: number;
  /**
   * After how long a call without answer is given up with a `Fault` `accounts_unavailable` or
   * 'state_unavailable', in ms (default 5000).
   */
  readonly answerWithinMs?: number;
  /** How much is kept for requests with an `Idempotency-Key`. */
  readonly idempotency?: IdempotencyBounds;
  /** How many of the backups that are made before migrations are kept (default 3); 0: none is made. */
  readonly migrationBackups?: number;
  /** Told when the tables of an older version were brought up to date. */
  readonly onMigrated?: (migrated: Migrated) => void;
  /**
   * Called with trouble that no caller sees: last-used times that could not be written, a store thread that
   * ended.
   */
  readonly onTrouble?: (error: Error) => void;
}

/** Everything that is kept. The same data folder may be open in several processes at once. */
export interface Store {
  readonly accounts: AccountStore & AccountAdmin;
  /** Keys of the v1 API. */
  readonly apiKeys: ApiKeyStore & ApiKeyAdmin;
  /** What the apps decide for their v1 calls. */
  readonly rules: RulesStore;
  readonly idempotency: IdempotencyStore;
  /** Sessions of the camera component. */
  readonly sessions: SessionStore;
  readonly webhooks: WebhookStore;
  readonly replay: ReplayStore;
  readonly usage: UsageStore;
  /** Rates shared by all nodes; null where each process counts its own. */
  readonly rates: RateStore | null;
  /** Simultaneous requests counted over all nodes; null where each process counts its own. */
  readonly permits: PermitStore | null;
  /** Scores by app and day. */
  readonly scores: ScoreStore;
  /** Batches that many machines work on; null where the store is no PostgreSQL database. */
  readonly batches: BatchStore | null;
  /** How a shared store does; null: the store is this node's own. */
  readonly health: StoreHealth | null;
  /** How calls of the SQLite file's thread do; null: there is none. */
  readonly sqlite: CallHealth | null;
  /** How calls of the Redis server do; null: there is none. */
  readonly redis: CallHealth | null;
  readonly ledger: Ledger & LedgerReader & LedgerOverview;
  /** The chain behind ledger and admin log, erasure, and the admin log itself. */
  readonly chains: Chains;
  readonly upkeep: Upkeep;
  /** Users, sessions and keys of the console. */
  readonly console: ConsoleStore & ConsoleAdmin;
  /** Decisions for review, and their marks. */
  readonly review: ReviewStore;
  /** Operating points that were uploaded for this installation. */
  readonly ownPoints: OwnPointsStore;
  /** Changes under the name of another than the one who opened the store: a user of the console. */
  as(actor: Actor): Changes;
  /**
   * Resolves when the store can be read and written (readiness). Rejects with a `Fault`
   * `accounts_unavailable` or `state_unavailable`.
   */
  check(): Promise<void>;
  /** Writes what is still waiting and closes. Calls made afterwards reject. */
  close(): Promise<void>;
}
