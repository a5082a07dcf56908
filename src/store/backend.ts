import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { sql } from 'kysely';
import type { IdempotencyStore } from '../account/api-key/idempotency.ts';
import type { AccountAdmin, ReplayStore, UsageStore } from '../account/types.ts';
import { Fault, UsageError } from '../faults.ts';
import type { Actor } from '../ledger/admin.ts';
import type { AuditKey } from '../ledger/checkpoint.ts';
import { activeKeyId, createAccountAdmin, usedKeyIds } from './account-admin.ts';
import { type AccountReads, createAccountReads } from './accounts.ts';
import { changesBy, type NoteChange } from './admin-log.ts';
import { type ApiKeyRoom, createApiKeys } from './api-keys.ts';
import { openAuditKey } from './audit-key.ts';
import { movedChains, signHead } from './chain.ts';
import { createDatabase, databaseFile, type StoreDatabase, storeFault } from './database.ts';
import { createIdempotency } from './idempotency.ts';
import { markOpen, type OpenMark, withoutLogKey } from './in-use.ts';
import { type Keyring, keyringFromFile, keyringFromText } from './keyring.ts';
import { createLedger, type LedgerRoom } from './ledger.ts';
import { getMeta } from './meta.ts';
import { copyBeforeMigration, dropOldCopies, type Migrated } from './migration-copy.ts';
import type { MigratedSteps } from './migrations.ts';
import { noteOpening } from './opening-notes.ts';
import { createRecord, type RecordRoom } from './record.ts';
import { sqliteLibrary } from './sqlite.ts';
import { createReplay, createUsage } from './state.ts';
import type { StoreOptions } from './types.ts';
import { createUpkeep, type UpkeepRoom } from './upkeep.ts';

/** The options a backend needs; all can be handed to a thread. */
export type BackendOptions = Omit<StoreOptions, 'thread' | 'answerWithinMs' | 'onTrouble' | 'onMigrated'>;

/**
 * Every call the store knows, each with plain data in and out, so that they work the same in this thread and across to
 * another one.
 */
export interface Backend
  extends AccountReads,
    AccountAdmin,
    ApiKeyRoom,
    IdempotencyStore,
    ReplayStore,
    UsageStore,
    LedgerRoom,
    RecordRoom,
    UpkeepRoom {
  /** Remember in memory that a pair was used; written within some seconds. */
  touch(secretId: string, at: Date): Promise<void>;
  /** As `touch`, for an API key. */
  touchKey(keyId: string, at: Date): Promise<void>;
  /** Lets backups of before migrations go that are older than this; how many went. */
  dropOldCopies(before: Date): Promise<number>;
  check(): Promise<void>;
  close(): Promise<void>;
}

const touchEvery = 5000;

/** What a backend tells unasked. */
export interface BackendEvents {
  readonly onTrouble: (error: Error) => void;
  /** The connection broke: a thread of its own should close the backend and end. */
  readonly onBroken?: () => void;
  /** Tables of an older version are about to be changed: the opening may take as long as copying the file does. */
  readonly onMigrating?: (() => void) | undefined;
  readonly onMigrated?: ((migrated: Migrated) => void) | undefined;
}

/**
 * Open the data folder in this thread.
 * @throws UsageError `data_missing`; Fault `accounts_unavailable` (`master_key_…`, `store_…`)
 */
export async function openBackend(options: BackendOptions, events: BackendEvents): Promise<Backend> {
  const { dataDir, create = true, sync = 'full', lockWaitMs = 3000 } = options;
  const path = join(dataDir, databaseFile);
  if (!create && !existsSync(path)) {
    throw new UsageError(
      'data_missing',
      `${resolve(dataDir)} is not a livestill data folder: expected ${databaseFile} in it. ` +
        '"livestill serve" or "livestill app create" makes one.',
    );
  }
  const migration = migrating(options, events);
  // Before anything is made in the folder: an empty file would be taken for a database that lost its content.
  needLibrary();
  const database = createDatabase({
    path,
    create,
    sync,
    lockWaitMs,
    ...(events.onBroken === undefined ? {} : { onDropped: events.onBroken }),
    ...migration.hooks,
  });
  const opened = new Date();
  let mark: OpenMark | undefined;
  try {
    if (create) makeDataFolder(resolve(dataDir));
    mark = markOpen(path, opened);
    await database.open().finally(mark.settle);
    const keyring = await openKeyring(database, options);
    const withoutLog = await database.read('accounts_unavailable', (db) => getMeta(db, withoutLogKey));
    if (withoutLog === opened.toISOString()) events.onTrouble(openedWithoutLog(path));
    const auditKey = openAuditKey(dataDir, options.auditKey);
    const note = changesBy(options.actor ?? unknownActor);
    await noteOpening(database, auditKey, note, migration.done());
    const backend = assemble({ database, keyring, auditKey, note, options }, events);
    return {
      ...backend,
      async close() {
        await backend.close();
        mark?.clear();
      },
    };
  } catch (error) {
    await database.close();
    mark?.clear();
    throw storeFault('accounts_unavailable', error);
  }
}

function needLibrary(): void {
  try {
    sqliteLibrary();
  } catch (error) {
    throw storeFault('accounts_unavailable', error);
  }
}

/** The backup before a migration, and word of it. */
function migrating({ dataDir, migrationBackups = 3 }: BackendOptions, events: BackendEvents) {
  let backup: string | null = null;
  let done: Migrated | null = null;
  const hooks = {
    async beforeMigration(steps: MigratedSteps): Promise<void> {
      events.onMigrating?.();
      if (migrationBackups > 0) {
        backup = await copyBeforeMigration(dataDir, steps, migrationBackups, new Date());
      }
    },
    onMigrated(steps: MigratedSteps): void {
      done = { ...steps, backup };
      events.onMigrated?.(done);
    },
  };
  return { hooks, done: (): Migrated | null => done };
}

const openedWithoutLog = (path: string): Error =>
  new Error(
    `${path} was in use when it was last written, but its write-ahead log is missing: if it was copied without it, the newest rows are lost; ` +
      'put a backup back with "livestill restore"',
  );

/** The master keys, once it is sure that they are those of this data folder. */
async function openKeyring(
  database: StoreDatabase,
  { dataDir, masterKey }: BackendOptions,
): Promise<Keyring> {
  const used = await database.read('accounts_unavailable', async (db) => {
    const active = await activeKeyId(db);
    return new Set([...(await usedKeyIds(db)), ...(active === undefined ? [] : [active])]);
  });
  const fromEnvironment = masterKey !== undefined && masterKey !== '';
  const keyring = fromEnvironment ? keyringFromText(masterKey) : keyringFromFile(dataDir, used.size === 0);
  const missing = [...used].filter((id) => keyring.find(id) === null);
  if (missing.length === 0) return keyring;
  const where = fromEnvironment ? 'LIVESTILL_MASTER_KEY' : `${join(dataDir, 'master.key')}`;
  throw new Fault(
    'accounts_unavailable',
    'master_key_wrong',
    `the SecretKeys of ${dataDir} are encrypted under the master key ${missing.join(', ')}; ${where} holds ${keyring.newest.id}: ` +
      'hand over the key they were made with',
  );
}

/** Who changes something where nobody was named. */
const unknownActor: Actor = { kind: 'system', name: 'unknown', from: '' };

interface Parts {
  readonly database: StoreDatabase;
  readonly keyring: Keyring;
  readonly auditKey: AuditKey;
  readonly note: NoteChange;
  readonly options: BackendOptions;
}

function assemble(parts: Parts, { onTrouble }: BackendEvents): Backend {
  const { database, keyring, auditKey, note, options } = parts;
  const signing = signRegularly(database, auditKey, onTrouble);
  const touches = createTouches(database, 'secret', 'secret_id', onTrouble);
  const keyTouches = createTouches(database, 'api_key', 'key_id', onTrouble);
  return {
    ...createAccountReads(database, keyring),
    ...createAccountAdmin(database, keyring, note),
    ...createApiKeys(database, note),
    ...createIdempotency(database, options.idempotency),
    ...createReplay(database),
    ...createUsage(database),
    ...createLedger(database),
    ...createRecord(database, auditKey, note),
    ...createUpkeep(database),
    async dropOldCopies(before) {
      return dropOldCopies(options.dataDir, before);
    },
    async touch(secretId, at) {
      touches.note(secretId, at);
    },
    async touchKey(keyId, at) {
      keyTouches.note(keyId, at);
    },
    async check() {
      await database.read('accounts_unavailable', (db) =>
        db.selectFrom('app').select('appid').limit(1).execute(),
      );
      const value = new Date().toISOString();
      await database.write('state_unavailable', (db) =>
        db
          .insertInto('meta')
          .values({ key: 'checked_at', value })
          .onConflict((conflict) => conflict.column('key').doUpdateSet({ value }))
          .execute(),
      );
    },
    async close() {
      await touches.close();
      await keyTouches.close();
      await signing.close();
      await database.close();
    },
  };
}

/** How often the state of the chains is signed while they grow, in ms. */
const signEvery = 60_000;

/** Signs the heads of the chains while they move, and once more at the end. */
function signRegularly(
  database: StoreDatabase,
  key: AuditKey,
  onTrouble: (error: Error) => void,
): { close(): Promise<void> } {
  const sign = async (tell: (error: Error) => void): Promise<void> => {
    try {
      // Looked at without the write lock first: nothing is written where nothing moved.
      const moved = await database.read('state_unavailable', (db) => movedChains(db));
      if (moved.length === 0) return;
      await database.write('state_unavailable', async (db) => {
        for (const chain of moved) await signHead(db, chain, key);
      });
    } catch (error) {
      tell(error as Error);
    }
  };
  const timer = setInterval(() => void sign(onTrouble), signEvery);
  timer.unref();
  return {
    async close() {
      clearInterval(timer);
      // What cannot be signed now is signed by the next start.
      await sign(() => {});
    },
  };
}

interface Touches {
  note(secretId: string, at: Date): void;
  close(): Promise<void>;
}

/** Last-used times: gathered in memory, written every few seconds, so that a request never waits for them. */
function createTouches(
  database: StoreDatabase,
  table: 'secret' | 'api_key',
  column: 'secret_id' | 'key_id',
  onTrouble: (error: Error) => void,
): Touches {
  const pending = new Map<string, number>();

  async function write(): Promise<void> {
    if (pending.size === 0) return;
    const batch = [...pending];
    try {
      await database.write('accounts_unavailable', async (db) => {
        for (const [id, at] of batch) {
          await sql`update ${sql.table(table)} set last_used_at = ${at}
            where ${sql.ref(column)} = ${id} and (last_used_at is null or last_used_at < ${at})`.execute(db);
        }
      });
      for (const [secretId, at] of batch) if (pending.get(secretId) === at) pending.delete(secretId);
    } catch (error) {
      onTrouble(
        new Error('last-used times could not be written; they will be tried again', { cause: error }),
      );
    }
  }

  const timer = setInterval(() => void write(), touchEvery);
  timer.unref();
  return {
    note: (secretId, at) => void pending.set(secretId, Math.max(at.getTime(), pending.get(secretId) ?? 0)),
    async close() {
      clearInterval(timer);
      await write();
    },
  };
}

function makeDataFolder(folder: string): void {
  try {
    makeFolder(folder);
  } catch (cause) {
    const { message } = cause as Error;
    throw new Error(`the data folder ${folder} cannot be made (${message}); choose another with --data`, {
      cause,
    });
  }
}

/**
 * Makes a folder and those above it, one at a time: Node's own recursive call spins for ever where a file system answers
 * "no such folder" for a name in a folder that exists, as /proc does.
 */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  const above = dirname(folder);
  if (above !== folder) makeFolder(above);
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
