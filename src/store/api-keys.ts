import type { ApiKeyAdmin, ApiKeyScope, ApiKeySummary, StoredApiKey } from '../account/api-key/api-key.ts';
import { checkNewApiKey } from '../account/api-key/api-key.ts';
import { checkAppid } from '../account/validate.ts';
import { UsageError } from '../faults.ts';
import { canonicalNetwork } from '../networks.ts';
import { checkRules, DEFAULT_RULES, type JudgingRules, type RulesStore } from '../policy/policy.ts';
import { toApp } from './accounts.ts';
import type { NoteChange } from './admin-log.ts';
import type { StoreDatabase } from './database.ts';
import type { ApiKeyTable } from './tables.ts';

/** API keys and rules, each call with plain data in and out. */
export interface ApiKeyRoom extends ApiKeyAdmin, RulesStore {
  findApiKey(keyId: string): Promise<StoredApiKey | null>;
}

/** The store's API keys and the apps' rules. */
export function createApiKeys(database: StoreDatabase, note: NoteChange): ApiKeyRoom {
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
    async addApiKey(appid, key) {
      const now = Date.now();
      checkNewApiKey(key, now);
      checkAppid(appid);
      return database.write('accounts_unavailable', async (db) => {
        const app = await db.selectFrom('app').select('state').where('appid', '=', appid).executeTakeFirst();
        if (app === undefined) throw unknownApp(appid);
        if (app.state === 'closed') {
          throw new UsageError('app_closed', `the app ${appid} was closed for good: make a new one`);
        }
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
    },
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
      database.write('accounts_unavailable', async (db) => {
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
        throw new UsageError(
          'api_key_unknown',
          `there is no API key ${JSON.stringify(keyId)}: "livestill key list --kind api" shows those that exist`,
        );
      }),
    async findRules(appid) {
      const [app, row] = await database.read('accounts_unavailable', async (db) => [
        await db.selectFrom('app').select('appid').where('appid', '=', appid).executeTakeFirst(),
        await db.selectFrom('app_rules').select('rules').where('appid', '=', appid).executeTakeFirst(),
      ]);
      if (app === undefined) throw unknownApp(appid);
      return toRules(row?.rules);
    },
    async setRules(appid, change) {
      checkRules(change);
      return database.write('accounts_unavailable', async (db) => {
        const app = await db.selectFrom('app').select('appid').where('appid', '=', appid).executeTakeFirst();
        if (app === undefined) throw unknownApp(appid);
        const row = await db
          .selectFrom('app_rules')
          .select('rules')
          .where('appid', '=', appid)
          .executeTakeFirst();
        const given = Object.entries(change).filter(([, value]) => value !== undefined);
        const rules: JudgingRules = { ...toRules(row?.rules), ...Object.fromEntries(given) };
        const text = JSON.stringify(rules);
        await db
          .insertInto('app_rules')
          .values({ appid, rules: text })
          .onConflict((conflict) => conflict.column('appid').doUpdateSet({ rules: text }))
          .execute();
        await note(db, { action: 'app.rules', target: appid, before: toRules(row?.rules), after: rules });
        return rules;
      });
    },
  };
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

/** Stored members over the defaults: a rule that a later version adds has its default in old rows. */
function toRules(text: string | undefined): JudgingRules {
  return text === undefined
    ? DEFAULT_RULES
    : { ...DEFAULT_RULES, ...(JSON.parse(text) as Partial<JudgingRules>) };
}

const unknownApp = (appid: string): UsageError =>
  new UsageError(
    'app_unknown',
    `there is no app ${JSON.stringify(appid)}: "livestill app list" shows those that exist`,
  );
