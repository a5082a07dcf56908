import type { Transaction } from 'kysely';
import type { AccountAdmin, App, NewApp, NewSecret } from '../../account/types.ts';
import {
  checkBuckets,
  checkLimits,
  checkNewApp,
  checkNewSecret,
  checkPolicy,
} from '../../account/validate.ts';
import { UsageError } from '../../faults.ts';
import type { Profile } from '../../liveness/types.ts';
import { toApp } from './accounts.ts';
import type { NoteChange } from './admin-log.ts';
import { appRow, needApp } from './app-rows.ts';
import { type Change, changeAccounts, type StoreDatabase } from './database.ts';
import type { Keyring } from './keys/keyring.ts';
import { insertSecret, type SecretAdmin } from './secret-admin.ts';
import type { AppTable, Tables } from './tables.ts';

type Db = Transaction<Tables>;

/** The part of `AccountAdmin` that is about apps. */
export type AppAdmin = Omit<AccountAdmin, keyof SecretAdmin>;

/** Changing apps, their limits and policies. */
export function createAppAdmin(database: StoreDatabase, keyring: Keyring, note: NoteChange): AppAdmin {
  const change = <T>(work: Change<T>): Promise<T> => changeAccounts(database, work);

  return {
    createApp: (app, secret) => createApp(database, keyring, note, app, secret),
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
      const { threshold, profile, capture } = policy;
      return change((db) =>
        update(db, note, 'app.policy', appid, given({ threshold, capture, ...profileColumns(profile) })),
      );
    },
    async setBuckets(appid, buckets) {
      checkBuckets(buckets);
      return change((db) =>
        update(db, note, 'app.buckets', appid, { buckets: JSON.stringify([...new Set(buckets)]) }),
      );
    },
  };
}

async function createApp(
  database: StoreDatabase,
  keyring: Keyring,
  note: NoteChange,
  app: NewApp,
  secret: NewSecret,
): Promise<App> {
  checkNewApp(app);
  checkNewSecret(secret);
  return changeAccounts(database, async (db) => {
    if ((await appRow(db, app.appid)) !== undefined) {
      throw new UsageError('app_exists', `there is an app ${app.appid} already`);
    }
    const row = newRow(app, Date.now());
    await db.insertInto('app').values(row).execute();
    const pair = await insertSecret(db, keyring, app.appid, secret);
    const after = { ...toApp(row), secretId: pair.secretId };
    await note(db, { action: 'app.create', target: app.appid, before: null, after });
    return toApp(row);
  });
}

/** Only the members that are there: undefined leaves a column as it is, null empties it. */
function given<T extends object>(columns: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(columns).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

/**
 * Both columns of a profile; versions before `single` read the older one, and take the server's setting in
 * its place.
 */
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
    capture: app.policy?.capture ?? null,
    created_at: now,
  };
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
