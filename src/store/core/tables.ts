import type { Generated } from 'kysely';
import type { ConsoleTables } from './console/tables.ts';

/** Times are milliseconds since 1970. */
export interface AppTable {
  readonly appid: string;
  readonly name: string;
  readonly state: string;
  /** JSON array of texts. */
  readonly buckets: string;
  readonly requests_per_second: number | null;
  readonly burst: number | null;
  readonly concurrent: number | null;
  readonly daily: number | null;
  readonly threshold: number | null;
  /** The profile as versions before `single` know it: null there; read `profile_name`. */
  readonly profile: string | null;
  readonly profile_name: string | null;
  /** Name of a capture preset; null: the server's. */
  readonly capture: string | null;
  /** Limits of review: both or none; null: the server's. */
  readonly review_low: number | null;
  readonly review_high: number | null;
  readonly created_at: number;
}

export interface SecretTable {
  readonly secret_id: string;
  readonly appid: string;
  /** Which master key the SecretKey is encrypted under. */
  readonly key_id: string;
  /** See `seal.ts`. Given as bytes, handed back as `ArrayBuffer`. */
  readonly sealed: Uint8Array | ArrayBuffer;
  readonly enabled: number;
  readonly expires_at: number | null;
  readonly created_at: number;
  readonly last_used_at: number | null;
}

export interface UsedSignatureTable {
  /** Hex of the HMAC. */
  readonly digest: string;
  readonly until: number;
}

export interface UsageTable {
  readonly appid: string;
  /** `2026-11-23`, UTC. */
  readonly day: string;
  readonly count: number;
}

/** The columns of the bins of `score_day`, from the lowest scores on. */
export const SCORE_COLUMNS = ['b0', 'b1', 'b2', 'b3', 'b4', 'b5', 'b6', 'b7', 'b8', 'b9'] as const;
export type ScoreColumn = (typeof SCORE_COLUMNS)[number];

/** How many scores of an app fell into each bin on a day. */
export interface ScoreTable extends Readonly<Record<ScoreColumn, number>> {
  readonly appid: string;
  /** `2026-11-23`, UTC. */
  readonly day: string;
  readonly total: number;
}

/** The same set of models stands behind very many decisions: kept once. */
export interface ModelSetTable {
  readonly id: Generated<number>;
  /** JSON object, name → SHA-256, names sorted. */
  readonly models: string;
}

export interface LedgerTable {
  readonly id: Generated<number>;
  readonly at: number;
  readonly request_id: string;
  readonly appid: string;
  readonly secret_id: string;
  readonly source: string;
  readonly picture_bytes: number;
  readonly picture_sha256: string;
  readonly code: number;
  readonly verdict: string | null;
  readonly score: number | null;
  readonly raw_score: number | null;
  /** JSON array of texts. */
  readonly reasons: string;
  readonly model_set_id: number;
  readonly milliseconds: number;
  readonly caller_address: string;
  /** From here on null in rows of versions before 0.2. */
  readonly kind: string | null;
  readonly requests: number | null;
  readonly api: string | null;
  readonly http: number | null;
  readonly version: string | null;
  readonly profile: string | null;
  readonly threshold: number | null;
  readonly policy_version_id: number | null;
  readonly live_probability: number | null;
  readonly face_count: number | null;
  /**
   * JSON: an array of `DecidingQuality`, or an object of such an array `outside` and of values by name
   * `measured`.
   */
  readonly quality: string | null;
  readonly reference: string | null;
  /** 0 or 1; null where nothing was judged, and in rows of versions before it. */
  readonly review: number | null;
  /** 32 hex letters, drawn anew for each row. */
  readonly salt: string | null;
  /** See `ledger/chain.ts`. */
  readonly hash: string | null;
}

/** Threshold, profile and rules that were in force for some rows. */
export interface PolicyVersionTable {
  readonly id: Generated<number>;
  /** SHA-256 of the content, hex. */
  readonly hash: string;
  /** JSON object, names sorted. */
  readonly content: string;
  readonly first_at: number;
}

/** Changes by operators; `before` and `after` are JSON. */
export interface AdminLogTable {
  readonly id: Generated<number>;
  readonly at: number;
  readonly actor_kind: string;
  readonly actor_name: string;
  readonly actor_from: string;
  readonly action: string;
  readonly target: string;
  readonly before: string | null;
  readonly after: string | null;
  readonly salt: string;
  readonly hash: string;
}

/** The newest row of each chain. */
export interface ChainHeadTable {
  readonly chain: string;
  readonly row_id: number;
  readonly hash: string;
}

export interface ChainCheckpointTable {
  readonly chain: string;
  readonly row_id: number;
  readonly hash: string;
  readonly at: number;
  readonly key_id: string;
  readonly signature: string;
}

export interface ChainTombstoneTable {
  readonly chain: string;
  readonly from_id: number;
  readonly to_id: number;
  readonly row_count: number;
  readonly digest: string | null;
  readonly hash_before: string;
  readonly hash_after: string;
  readonly reason: string;
  readonly at: number;
  readonly key_id: string;
  readonly signature: string;
}

/** Public halves of the keys that signed. */
export interface AuditKeyTable {
  readonly key_id: string;
  readonly public_key: string;
  readonly first_at: number;
}

/** See `account/api-key/api-key.ts`. The key itself is kept nowhere. */
export interface ApiKeyTable {
  readonly key_id: string;
  readonly appid: string;
  readonly name: string;
  /** SHA-256 of the key, hex. */
  readonly digest: string;
  /** JSON arrays of texts. */
  readonly scopes: string;
  readonly networks: string;
  readonly enabled: number;
  readonly expires_at: number | null;
  readonly created_at: number;
  readonly last_used_at: number | null;
}

/** JSON of an app's `JudgingRules`. */
export interface AppRulesTable {
  readonly appid: string;
  readonly rules: string;
}

/** A request with an `Idempotency-Key`; in progress while `http` is null. */
export interface IdempotencyTable {
  readonly appid: string;
  readonly key: string;
  readonly fingerprint: string;
  readonly token: string;
  readonly http: number | null;
  readonly content_type: string | null;
  readonly body: string | null;
  readonly until: number;
  /** When the request began; once it is answered, when that was. */
  readonly at: number;
  /** What the row takes, as counted in `idempotency_share`. */
  readonly bytes: number;
}

/**
 * How many idempotency answers each app has, and their bytes: kept by triggers. The sum over all stands under
 * an empty appid.
 */
export interface IdempotencyShareTable {
  readonly appid: string;
  readonly rows: number;
  readonly bytes: number;
}

/** Which apps list a bucket: `app.buckets` the other way round, kept by triggers. */
export interface AppBucketTable {
  readonly bucket: string;
  readonly appid: string;
}

/** See `session/types.ts`. */
export interface SessionTable {
  readonly session_id: string;
  readonly appid: string;
  readonly reference: string | null;
  readonly expires_at: number;
  readonly ended_at: number | null;
  /** JSON of a `Session`. */
  readonly content: string;
}

/** A call of a webhook. */
export interface WebhookTable {
  readonly id: string;
  readonly appid: string;
  readonly url: string;
  /** JSON; empty once the call has ended. */
  readonly body: string;
  readonly state: string;
  readonly tries: number;
  /** Null: it is not to be made any more. */
  readonly due_at: number | null;
  readonly last_failure: string | null;
  readonly ended_at: number | null;
  /** Of the request that it goes on with the trace of; null: it had none. */
  readonly traceparent: string | null;
}

export interface MetaTable {
  readonly key: string;
  readonly value: string;
}

/** PostgreSQL alone: see `jobs/types.ts`. */
export interface BatchTable {
  readonly batch_id: string;
  readonly appid: string;
  /** The API key that submitted it; empty: the command line. */
  readonly secret_id: string;
  readonly name: string;
  readonly state: string;
  readonly priority: number;
  readonly picture_count: number;
  readonly judged: number;
  readonly refused: number;
  readonly failed: number;
  readonly created_at: number;
  readonly changed_at: number;
  readonly begun_at: number | null;
  readonly finished_at: number | null;
  readonly webhook: string | null;
  readonly webhook_tries: number;
  /** When the webhook is called next; null: not to be called. */
  readonly webhook_at: number | null;
  readonly webhook_state: string | null;
  readonly results_to: string | null;
  readonly results_state: string | null;
  /** Nobody else writes the results before; milliseconds since 1970. */
  readonly results_at: number | null;
  readonly results_tries: number;
  readonly results_failure: string | null;
  /** One more with each erasure: what was read before is written again. */
  readonly results_round: number;
  /** Of the request that ordered it; null: it had none. */
  readonly traceparent: string | null;
}

export interface BatchChunkTable {
  readonly batch_id: string;
  readonly chunk: number;
  readonly state: string;
  readonly first_row: number;
  /** JSON array of `ChunkEntry`. */
  readonly pictures: string;
  readonly picture_count: number;
  readonly done: number;
  /** Its place in the order in which apps take turns. */
  readonly turn: number;
  readonly job_id: string | null;
  readonly lease: string | null;
  readonly lease_until: number | null;
  readonly worker: string | null;
  /** How often a worker was lost with it since a row was last written. */
  readonly crashes: number;
  readonly changed_at: number;
}

export interface BatchResultTable {
  readonly batch_id: string;
  readonly row_number: number;
  readonly chunk: number;
  readonly outcome: string;
  /** JSON. */
  readonly result: string;
}

/** Everything the store's file holds. */
/** Marks of decisions for review; see `console/review.ts`. */
export interface ReviewMarkTable {
  /** The row of the ledger. */
  readonly row_id: number;
  /** Its time and app, to be found by. */
  readonly at: number;
  readonly appid: string;
  readonly mark: string | null;
  readonly note: string;
  readonly version: number;
  readonly marked_at: number;
  readonly marked_by: string;
}

/** The pictures of a decision on several stills: kept by triggers. */
export interface LedgerStillTable {
  /** The row of the ledger. */
  readonly row_id: number;
  readonly sha256: Uint8Array;
}

export interface Tables extends ConsoleTables {
  readonly batch: BatchTable;
  readonly batch_chunk: BatchChunkTable;
  readonly batch_result: BatchResultTable;
  readonly app: AppTable;
  readonly secret: SecretTable;
  readonly used_signature: UsedSignatureTable;
  readonly usage_day: UsageTable;
  readonly score_day: ScoreTable;
  readonly model_set: ModelSetTable;
  readonly ledger: LedgerTable;
  readonly ledger_still: LedgerStillTable;
  readonly review_mark: ReviewMarkTable;
  readonly meta: MetaTable;
  readonly api_key: ApiKeyTable;
  readonly app_rules: AppRulesTable;
  readonly idempotency: IdempotencyTable;
  readonly idempotency_share: IdempotencyShareTable;
  readonly app_bucket: AppBucketTable;
  readonly session: SessionTable;
  readonly webhook: WebhookTable;
  readonly policy_version: PolicyVersionTable;
  readonly admin_log: AdminLogTable;
  readonly chain_head: ChainHeadTable;
  readonly chain_checkpoint: ChainCheckpointTable;
  readonly chain_tombstone: ChainTombstoneTable;
  readonly audit_key: AuditKeyTable;
}
