import { type Kysely, sql, type Transaction } from 'kysely';
import type { AccountAdmin, App, NewSecret, SecretSummary } from '../account/types.ts';
import {
  checkAppid,
  checkBuckets,
  checkLimits,
  checkNewApp,
  checkNewSecret,
  checkPolicy,
} from '../account/validate.ts';
import { Fault, UsageError } from '../faults.ts';
import type { Profile } from '../liveness/types.ts';
import { openSecret, toApp, toSummary } from './accounts.ts';
import type { NoteChange } from './admin-log.ts';
import type { StoreDatabase } from './database.ts';
import type { Keyring } from './keyring.ts';
import { type MasterKey, seal } from './seal.ts';
import type { AppTable, SecretTable, Tables } from './tables.ts';

type Db = Transaction<Tables>;

/** Under this key in `meta` stands the name of the master key that everything is encrypted under. */
const activeKey = 'master_key';

/** Changing accounts. Every change of keys happens under the write lock, the file `master.key` included. */
export function createAccountAdmin(
  database: StoreDatabase,
  keyring: Keyring,
  note: NoteChange,
): AccountAdmin {
  const change = <T>(work: (db: Db) => Promise<T>): Promise<T> =>
    database.write('accounts_unavailable', work);

  return {
    async createApp(app, secret) {
      checkNewApp(app);
      checkNewSecret(secret);
      return change(async (db) => {
        if ((await rowOf(db, app.appid)) !== undefined) {
          throw new UsageError('app_exists', `there is an app ${app.appid} already`);
        }
        const row = newRow(app, Date.now());
        await db.insertInto('app').values(row).execute();
        const pair = await insertSecret(db, keyring, app.appid, secret);
        const after = { ...toApp(row), secretId: pair.secretId };
        await note(db, { action: 'app.create', target: app.appid, before: null, after });
        return toApp(row);
      });
    },
    async listApps(limit) {
      const rows = await database.read('accounts_unavailable', (db) => {
        const all = db.selectFrom('app').selectAll().orderBy('created_at').orderBy('appid');
        return (limit === undefined ? all : all.limit(limit)).execute();
      });
      return rows.map(toApp);
    },
    async findAppWithProfile(profiles) {
      const row = await database.read('accounts_unavailable', (db) =>
        db
          .selectFrom('app')
          .select('appid')
          .where('profile_name', 'in', profiles)
          .where('state', '!=', 'closed')
          .limit(1)
          .executeTakeFirst(),
      );
      return row?.appid ?? null;
    },
    setAppState: (appid, state) =>
      change(async (db) => {
        const { state: before } = await needApp(db, appid);
        if (before === 'closed' && state !== 'closed') {
          throw new UsageError('app_closed', `the app ${appid} was closed for good: make a new one`);
        }
        return update(db, note, 'app.state', appid, { state });
      }),
    async setLimits(appid, limits) {
      checkLimits(limits);
      const { requestsPerSecond: requests_per_second, burst, concurrent, daily } = limits;
      return change((db) =>
        update(db, note, 'app.limits', appid, given({ requests_per_second, burst, concurrent, daily })),
      );
    },
    async setPolicy(appid, policy) {
      checkPolicy(policy);
      const { threshold, profile } = policy;
      return change((db) =>
        update(db, note, 'app.policy', appid, given({ threshold, ...profileColumns(profile) })),
      );
    },
    async setBuckets(appid, buckets) {
      checkBuckets(buckets);
      return change((db) =>
        update(db, note, 'app.buckets', appid, { buckets: JSON.stringify([...new Set(buckets)]) }),
      );
    },
    async addSecret(appid, secret) {
      checkNewSecret(secret);
      return change(async (db) => {
        await needOpenApp(db, appid);
        const after = await insertSecret(db, keyring, appid, secret);
        await note(db, { action: 'key.create', target: after.secretId, before: null, after });
        return after;
      });
    },
    async listSecrets(appid) {
      const [app, rows] = await database.read('accounts_unavailable', async (db) => [
        await db.selectFrom('app').select('appid').where('appid', '=', appid).executeTakeFirst(),
        await db
          .selectFrom('secret')
          .selectAll()
          .where('appid', '=', appid)
          .orderBy('created_at')
          .orderBy('secret_id')
          .execute(),
      ]);
      if (app === undefined) throw unknownApp(appid);
      return rows.map(toSummary);
    },
    setSecretEnabled: (secretId, enabled) =>
      change(async (db) => {
        const before = toSummary(await needSecret(db, secretId));
        const after = await updateSecret(db, secretId, { enabled: enabled ? 1 : 0 });
        await note(db, { action: enabled ? 'key.enable' : 'key.disable', target: secretId, before, after });
        return after;
      }),
    async rotateSecret(secretId, next, oldEndsAt) {
      checkNewSecret(next);
      return change(async (db) => {
        const old = await needSecret(db, secretId);
        await needOpenApp(db, old.appid);
        const end = oldEndsAt.getTime();
        const ended = await updateSecret(db, secretId, {
          expires_at: old.expires_at === null ? end : Math.min(old.expires_at, end),
        });
        const fresh = await insertSecret(db, keyring, old.appid, next);
        const after = { ended, fresh };
        await note(db, { action: 'key.rotate', target: secretId, before: toSummary(old), after });
        return fresh;
      });
    },
    async rotateMasterKey() {
      const done = await change(async (db) => {
        const before = (await activeKeyId(db)) ?? null;
        const after = await reencrypt(db, keyring);
        await note(db, { action: 'master_key.rotate', target: '', before, after });
        return after;
      });
      await change(async (db) => {
        // Only what is committed counts: a rotation that shares this transaction may still be undone, and it cleans up itself.
        const committed = await database.read('accounts_unavailable', activeKeyId);
        if (committed !== undefined && committed === (await activeKeyId(db))) keyring.keepOnly(committed);
      });
      return done;
    },
  };
}

/** Only the members that are there: undefined leaves a column as it is, null empties it. */
function given<T extends object>(columns: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(columns).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

/** Both columns of a profile; versions before `single` read the older one, and take the server's setting in its place. */
function profileColumns<P extends Profile | null | undefined>(profile: P) {
  return { profile: profile === 'single' ? null : profile, profile_name: profile };
}

function newRow(app: Parameters<AccountAdmin['createApp']>[0], now: number): AppTable {
  return {
    appid: app.appid,
    name: app.name.trim(),
    state: 'active',
    buckets: JSON.stringify([...new Set(app.buckets ?? [])]),
    requests_per_second: app.limits?.requestsPerSecond ?? null,
    burst: app.limits?.burst ?? null,
    concurrent: app.limits?.concurrent ?? null,
    daily: app.limits?.daily ?? null,
    threshold: app.policy?.threshold ?? null,
    ...profileColumns(app.policy?.profile ?? null),
    created_at: now,
  };
}

const unknownApp = (appid: string): UsageError =>
  new UsageError(
    'app_unknown',
    `there is no app ${JSON.stringify(appid)}: "livestill app list" shows those that exist`,
  );

function rowOf(db: Db, appid: string): Promise<AppTable | undefined> {
  return db.selectFrom('app').selectAll().where('appid', '=', appid).executeTakeFirst();
}

async function needApp(db: Db, appid: string): Promise<AppTable> {
  checkAppid(appid);
  const row = await rowOf(db, appid);
  if (row === undefined) throw unknownApp(appid);
  return row;
}

async function needOpenApp(db: Db, appid: string): Promise<void> {
  const { state } = await needApp(db, appid);
  if (state === 'closed')
    throw new UsageError('app_closed', `the app ${appid} was closed for good: make a new one`);
}

async function update(
  db: Db,
  note: NoteChange,
  action: string,
  appid: string,
  columns: Partial<AppTable>,
): Promise<App> {
  const before = toApp(await needApp(db, appid));
  if (Object.keys(columns).length === 0) return before;
  await db.updateTable('app').set(columns).where('appid', '=', appid).execute();
  const after = toApp(await needApp(db, appid));
  await note(db, { action, target: appid, before, after });
  return after;
}

async function needSecret(db: Db, secretId: string): Promise<SecretTable> {
  const row = await db.selectFrom('secret').selectAll().where('secret_id', '=', secretId).executeTakeFirst();
  if (row === undefined) {
    throw new UsageError(
      'secret_unknown',
      `there is no SecretId ${JSON.stringify(secretId)}: "livestill key list" shows those that exist`,
    );
  }
  return row;
}

async function updateSecret(db: Db, secretId: string, columns: Partial<SecretTable>): Promise<SecretSummary> {
  await db.updateTable('secret').set(columns).where('secret_id', '=', secretId).execute();
  return toSummary(await needSecret(db, secretId));
}

async function insertSecret(
  db: Db,
  keyring: Keyring,
  appid: string,
  secret: NewSecret,
): Promise<SecretSummary> {
  const { secretId, secretKey } = secret;
  const known = await db
    .selectFrom('secret')
    .select('secret_id')
    .where('secret_id', '=', secretId)
    .executeTakeFirst();
  if (known !== undefined)
    throw new UsageError('secret_exists', `the SecretId ${secretId} is in use already`);
  const key = await encryptingKey(db, keyring);
  const row: SecretTable = {
    secret_id: secretId,
    appid,
    key_id: key.id,
    sealed: seal(secretKey, key, { appid, secretId }),
    enabled: 1,
    expires_at: null,
    created_at: Date.now(),
    last_used_at: null,
  };
  await db.insertInto('secret').values(row).execute();
  return toSummary(row);
}

/** Names of the master keys that pairs are encrypted under: from key to key through the index, not through every pair. */
export async function usedKeyIds(db: Kysely<Tables>): Promise<readonly string[]> {
  const { rows } = await sql<{ key_id: string }>`with recursive used (key_id) as (
      select min(key_id) from secret
      union all
      select (select min(key_id) from secret where key_id > used.key_id) from used where used.key_id is not null
    )
    select key_id from used where key_id is not null`.execute(db);
  return rows.map((row) => row.key_id);
}

/** Name of the master key in use; undefined while nothing is encrypted. */
export async function activeKeyId(db: Kysely<Tables>): Promise<string | undefined> {
  const row = await db.selectFrom('meta').select('value').where('key', '=', activeKey).executeTakeFirst();
  return row?.value;
}

/** The key that everything else is encrypted under; the newest when nothing is yet. */
async function encryptingKey(db: Db, keyring: Keyring): Promise<MasterKey> {
  const id = await activeKeyId(db);
  if (id === undefined) {
    const { newest } = keyring;
    await db.insertInto('meta').values({ key: activeKey, value: newest.id }).execute();
    return newest;
  }
  const key = keyring.find(id);
  if (key !== null) return key;
  throw new Fault(
    'accounts_unavailable',
    'master_key_missing',
    `the data folder uses the master key ${id}, which is not at hand`,
  );
}

async function reencrypt(db: Db, keyring: Keyring): Promise<{ keyId: string; reencrypted: number }> {
  const key = keyring.addNewest();
  const rows = await db.selectFrom('secret').selectAll().where('key_id', '!=', key.id).execute();
  for (const row of rows) {
    const sealed = seal(openSecret(row, keyring), key, { appid: row.appid, secretId: row.secret_id });
    await updateSecret(db, row.secret_id, { sealed, key_id: key.id });
  }
  await db
    .insertInto('meta')
    .values({ key: activeKey, value: key.id })
    .onConflict((conflict) => conflict.column('key').doUpdateSet({ value: key.id }))
    .execute();
  return { keyId: key.id, reencrypted: rows.length };
}
