import type { IdempotencyStore } from '../../account/api-key/idempotency.ts';
import type { AccountAdmin, ReplayStore } from '../../account/types.ts';
import type { Changes } from '../../console/changes.ts';
import type { OwnPointsAdmin, OwnPointsStore } from '../../console/own-points.ts';
import type { ReviewAdmin, ReviewStore } from '../../console/review.ts';
import type { ConsoleAdmin, ConsoleStore } from '../../console/types.ts';
import type { Actor, AdminEntry } from '../../ledger/admin.ts';
import type { AuditKey } from '../../ledger/checkpoint.ts';
import type { ScoreStore } from '../../ledger/score-drift.ts';
import type { RulesStore } from '../../policy/policy.ts';
import type { SessionStore } from '../../session/types.ts';
import type { WebhookStore } from '../../webhook/types.ts';
import { type AccountReads, createAccountReads } from './accounts.ts';
import type { NoteChange } from './admin-log.ts';
import { type ApiKeyCalls, createApiKeys } from './api-keys.ts';
import { createAppAdmin } from './app-admin.ts';
import { signRegularly } from './chain/sign-regularly.ts';
import { createConsoleAdmin, createConsoleReads } from './console/calls.ts';
import type { StoreDatabase } from './database.ts';
import type { BatchErasing } from './erase.ts';
import { createIdempotency } from './idempotency.ts';
import type { Keyring } from './keys/keyring.ts';
import { createLedger, type LedgerCalls, type OwnChain } from './ledger.ts';
import { putMeta } from './meta.ts';
import type { Migrated } from './migrated.ts';
import { createOwnPointsAdmin, createOwnPointsReads } from './own-points.ts';
import { createErasure, createRecord, type RecordCalls } from './record.ts';
import { createReplay, type SignatureMemory } from './replay.ts';
import { createReviewAdmin, createReviewReads } from './review.ts';
import { createRules } from './rules.ts';
import { createScores } from './scores.ts';
import { createSecretAdmin } from './secret-admin.ts';
import { createSessions } from './sessions.ts';
import { createTouches } from './touches.ts';
import type { StoreOptions } from './types.ts';
import { createUpkeep, type UpkeepCalls } from './upkeep.ts';
import { createUsage, type DurableUsage } from './usage.ts';
import { createWebhooks } from './webhooks.ts';

/** The options a backend needs; all can be handed to a thread. */
export type BackendOptions = Omit<StoreOptions, 'thread' | 'answerWithinMs' | 'onTrouble' | 'onMigrated'>;

/**
 * Every call the store knows, each with plain data in and out, so that they work the same in this thread and
 * across to another one.
 */
export interface Backend
  extends AccountReads,
    AccountAdmin,
    ApiKeyCalls,
    RulesStore,
    IdempotencyStore,
    SessionStore,
    WebhookStore,
    ReplayStore,
    SignatureMemory,
    DurableUsage,
    ScoreStore,
    LedgerCalls,
    RecordCalls,
    UpkeepCalls,
    ConsoleStore,
    ConsoleAdmin,
    ReviewStore,
    ReviewAdmin,
    OwnPointsStore,
    OwnPointsAdmin {
  /** Makes a change under the name of `actor`. */
  changeAs(actor: Actor, call: keyof Changes, args: readonly unknown[]): Promise<unknown>;
  /** Remember in memory that a pair was used; written within some seconds. */
  touch(secretId: string, at: Date): Promise<void>;
  /** As `touch`, for an API key. */
  touchKey(keyId: string, at: Date): Promise<void>;
  /** Lets backups of before migrations go that are older than this; how many went. */
  dropOldCopies(before: Date): Promise<number>;
  check(): Promise<void>;
  close(): Promise<void>;
}

/** What a backend tells unasked. */
export interface BackendEvents {
  readonly onTrouble: (error: Error) => void;
  /** The connection broke: a thread of its own should close the backend and end. */
  readonly onBroken?: () => void;
  /**
   * Tables of an older version are about to be changed: the opening may take as long as copying the file
   * does.
   */
  readonly onMigrating?: (() => void) | undefined;
  readonly onMigrated?: ((migrated: Migrated) => void) | undefined;
}

/** Who changes something where nobody was named. */
export const UNKNOWN_ACTOR: Actor = { kind: 'system', name: 'unknown', from: '' };

/** What a backend is made of: an open database and the keys. */
export interface Parts {
  readonly database: StoreDatabase;
  readonly keyring: Keyring;
  readonly auditKey: AuditKey;
  readonly note: NoteChange;
  /** The log of changes for those by somebody else. */
  readonly noteOf: (actor: Actor) => NoteChange;
  readonly options: BackendOptions;
  readonly chain: OwnChain;
  /** What this database keeps of people in batches; absent: it has none. */
  readonly batchErasing?: BatchErasing;
  /** Where this node's record clock stands in `meta`: clocks of several nodes are not compared. */
  readonly clock: string;
  /** Lets backups of before migrations go that are older than this; how many went. */
  readonly dropOldCopies: (before: Date) => Promise<number>;
}

/** Every call on an open database. */
export function assemble(parts: Parts, { onTrouble }: BackendEvents): Backend {
  const { database, keyring, auditKey, note, options } = parts;
  const signing = signRegularly(database, auditKey, onTrouble);
  const touches = createTouches(database, 'secret', 'secret_id', onTrouble);
  const keyTouches = createTouches(database, 'api_key', 'key_id', onTrouble);
  return {
    ...createAccountReads(database, keyring),
    ...createConsoleReads(database, keyring),
    ...createReviewReads(database),
    ...createOwnPointsReads(database),
    ...changesNotedBy(parts, note),
    async changeAs(actor, call, args) {
      const made = changesNotedBy(parts, parts.noteOf(actor))[call];
      return (made as (...given: readonly unknown[]) => Promise<unknown>)(...args);
    },
    ...createIdempotency(database, options.idempotency, parts.clock),
    ...createSessions(database),
    ...createWebhooks(database),
    ...createReplay(database),
    ...createUsage(database),
    ...createScores(database),
    ...createLedger(database, parts.chain),
    ...createRecord(database, auditKey),
    ...createUpkeep(database, parts.clock),
    dropOldCopies: parts.dropOldCopies,
    async touch(secretId, at) {
      touches.note(secretId, at);
    },
    async touchKey(keyId, at) {
      keyTouches.note(keyId, at);
    },
    check: () => checkUse(database),
    async close() {
      await touches.close();
      await keyTouches.close();
      await signing.close();
      await database.close();
    },
  };
}

/** The changes of accounts, rules and the console, with what is read beside them. */
function changesNotedBy({ database, keyring, auditKey, batchErasing }: Parts, note: NoteChange) {
  return {
    ...createAppAdmin(database, keyring, note),
    ...createSecretAdmin(database, keyring, note),
    ...createApiKeys(database, note),
    ...createRules(database, note),
    ...createConsoleAdmin(database, keyring, note),
    ...createReviewAdmin(database, note),
    ...createOwnPointsAdmin(database, note),
    ...createErasure(database, auditKey, note, batchErasing),
    noteChange: (entry: AdminEntry) => database.write('state_unavailable', (db) => note(db, entry)),
  };
}

/** Reads and writes once. */
async function checkUse(database: StoreDatabase): Promise<void> {
  await database.read('accounts_unavailable', (db) =>
    db.selectFrom('app').select('appid').limit(1).execute(),
  );
  await database.write('state_unavailable', (db) => putMeta(db, 'checked_at', new Date().toISOString()));
}
