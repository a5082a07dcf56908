import type { Kysely, Transaction } from 'kysely';
import { checkRules, DEFAULT_RULES, type JudgingRules, type RulesStore } from '../../policy/policy.ts';
import type { NoteChange } from './admin-log.ts';
import { unknownApp } from './app-rows.ts';
import { changeAccounts, type StoreDatabase } from './database.ts';
import type { Tables } from './tables.ts';

/** What the apps decide for their v1 calls. */
export function createRules(database: StoreDatabase, note: NoteChange): RulesStore {
  return {
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
      return changeAccounts(database, (db) => writeRules(db, note, appid, change));
    },
  };
}

/**
 * Changes the rules of an app that are named.
 * @throws {UsageError} `app_unknown`
 */
export async function writeRules(
  db: Transaction<Tables>,
  note: NoteChange,
  appid: string,
  change: Partial<JudgingRules>,
): Promise<JudgingRules> {
  const app = await db.selectFrom('app').select('appid').where('appid', '=', appid).executeTakeFirst();
  if (app === undefined) throw unknownApp(appid);
  const before = await rulesOf(db, appid);
  const given = Object.entries(change).filter(([, value]) => value !== undefined);
  const rules: JudgingRules = { ...before, ...Object.fromEntries(given) };
  const text = JSON.stringify(rules);
  await db
    .insertInto('app_rules')
    .values({ appid, rules: text })
    .onConflict((conflict) => conflict.column('appid').doUpdateSet({ rules: text }))
    .execute();
  await note(db, { action: 'app.rules', target: appid, before, after: rules });
  return rules;
}

/** The rules of an app. */
export async function rulesOf(db: Kysely<Tables>, appid: string): Promise<JudgingRules> {
  const row = await db.selectFrom('app_rules').select('rules').where('appid', '=', appid).executeTakeFirst();
  return toRules(row?.rules);
}

/** Stored members over the defaults: a rule that a later version adds has its default in old rows. */
export function toRules(text: string | undefined): JudgingRules {
  return text === undefined
    ? DEFAULT_RULES
    : { ...DEFAULT_RULES, ...(JSON.parse(text) as Partial<JudgingRules>) };
}
