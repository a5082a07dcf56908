import type {
  ApiKeyAdmin,
  ApiKeyScope,
  ApiKeySummary,
  NewApiKey,
  StoredApiKey,
} from '../../account/api-key/api-key.ts';
import { checkNewApiKey } from '../../account/api-key/api-key.ts';
import { checkAppid } from '../../account/validate.ts';
import { UsageError } from '../../faults.ts';
import { canonicalNetwork } from '../../networks.ts';
import { toApp } from './accounts.ts';
import type { NoteChange } from './admin-log.ts';
import { needOpenApp, unknownApp } from './app-rows.ts';
import { changeAccounts, type StoreDatabase } from './database.ts';
import { toRules } from './rules.ts';
import type { ApiKeyTable } from './tables.ts';

/** API keys, each call with plain data in and out. */
export interface ApiKeyCalls extends ApiKeyAdmin {
  findApiKey(keyId: string): Promise<StoredApiKey | null>;
}

/** The store's API keys. */
export function createApiKeys(database: StoreDatabase, note: NoteChange): ApiKeyCalls {
  return {
    async findApiKey(keyId) {
      const row = await database.read('accounts_unavailable', (db) =>
        db.selectFrom('api_key').selectAll().where('key_id', '=', keyId).executeTakeFirst(),
      );
      if (row === undefined) return null;
      const [app, rules] = await database.read('accounts_unavailable', (db) =>
        Promise.all([
          db.selectFrom('app').selectAll().where('appid', '=', row.appid).executeTakeFirstOrThrow(),
          db.selectFrom('app_rules').select('rules').where('appid', '=', row.appid).executeTakeFirst(),
        ]),
      );
      return { key: toKey(row), digest: row.digest, app: toApp(app), rules: toRules(rules?.rules) };
    },
    addApiKey: (appid, key) => addApiKey(database, note, appid, key),
    async listApiKeys(appid) {
      const [app, rows] = await database.read('accounts_unavailable', async (db) => [
        await db.selectFrom('app').select('appid').where('appid', '=', appid).executeTakeFirst(),
        await db
          .selectFrom('api_key')
          .selectAll()
          .where('appid', '=', appid)
          .orderBy('created_at')
          .orderBy('key_id')
          .execute(),
      ]);
      if (app === undefined) throw unknownApp(appid);
      return rows.map(toKey);
    },
    setApiKeyEnabled: (keyId, enabled) =>
      changeAccounts(database, async (db) => {
        const old = await db.selectFrom('api_key').selectAll().where('key_id', '=', keyId).executeTakeFirst();
        await db
          .updateTable('api_key')
          .set({ enabled: enabled ? 1 : 0 })
          .where('key_id', '=', keyId)
          .execute();
        const row = await db.selectFrom('api_key').selectAll().where('key_id', '=', keyId).executeTakeFirst();
        if (old !== undefined && row !== undefined) {
          const action = enabled ? 'api_key.enable' : 'api_key.disable';
          await note(db, { action, target: keyId, before: toKey(old), after: toKey(row) });
          return toKey(row);
        }
        throw unknownKey(keyId);
      }),
    rotateApiKey: (keyId, next, oldEndsAt) => rotateApiKey(database, note, keyId, next, oldEndsAt),
  };
}

const unknownKey = (keyId: string): UsageError =>
  new UsageError(
    'api_key_unknown',
    `there is no API key ${JSON.stringify(keyId)}: "livestill key list --kind api" shows those that exist`,
  );

async function addApiKey(
  database: StoreDatabase,
  note: NoteChange,
  appid: string,
  key: NewApiKey,
): Promise<ApiKeySummary> {
  const now = Date.now();
  checkNewApiKey(key, now);
  checkAppid(appid);
  return changeAccounts(database, async (db) => {
    await needOpenApp(db, appid);
    const row: ApiKeyTable = {
      key_id: key.keyId,
      appid,
      name: key.name.trim(),
      digest: key.digest,
      scopes: JSON.stringify([...new Set(key.scopes)]),
      networks: JSON.stringify([...new Set(key.networks.map(canonicalNetwork))]),
      enabled: 1,
      expires_at: key.expiresAt?.getTime() ?? null,
      created_at: now,
      last_used_at: null,
    };
    await db.insertInto('api_key').values(row).execute();
    await note(db, { action: 'api_key.create', target: key.keyId, before: null, after: toKey(row) });
    return toKey(row);
  });
}

async function rotateApiKey(
  database: StoreDatabase,
  note: NoteChange,
  keyId: string,
  next: Pick<NewApiKey, 'keyId' | 'digest'>,
  oldEndsAt: Date,
): Promise<ApiKeySummary> {
  return changeAccounts(database, async (db) => {
    const old = await db.selectFrom('api_key').selectAll().where('key_id', '=', keyId).executeTakeFirst();
    if (old === undefined) throw unknownKey(keyId);
    await needOpenApp(db, old.appid);
    const end = Math.min(old.expires_at ?? Number.POSITIVE_INFINITY, oldEndsAt.getTime());
    await db.updateTable('api_key').set({ expires_at: end }).where('key_id', '=', keyId).execute();
    const row: ApiKeyTable = {
      ...old,
      key_id: next.keyId,
      digest: next.digest,
      enabled: 1,
      created_at: Date.now(),
      last_used_at: null,
    };
    await db.insertInto('api_key').values(row).execute();
    const after = { ended: toKey({ ...old, expires_at: end }), fresh: toKey(row) };
    await note(db, { action: 'api_key.rotate', target: keyId, before: toKey(old), after });
    return toKey(row);
  });
}

function toKey(row: ApiKeyTable): ApiKeySummary {
  return {
    keyId: row.key_id,
    appid: row.appid,
    name: row.name,
    scopes: JSON.parse(row.scopes) as ApiKeyScope[],
    networks: JSON.parse(row.networks) as string[],
    enabled: row.enabled !== 0,
    expiresAt: row.expires_at === null ? null : new Date(row.expires_at),
    createdAt: new Date(row.created_at),
    lastUsedAt: row.last_used_at === null ? null : new Date(row.last_used_at),
  };
}
