import { sql, type Transaction } from 'kysely';
import { appVersion } from '../../account/app-version.ts';
import type {
  AccountAdmin,
  App,
  AppChange,
  AppLimits,
  AppPolicy,
  AppState,
  ChangedApp,
  NewApp,
  NewSecret,
} from '../../account/types.ts';
import {
  checkBuckets,
  checkLimits,
  checkName,
  checkNewApp,
  checkNewSecret,
  checkPolicy,
} from '../../account/validate.ts';
import { UsageError } from '../../faults.ts';
import type { AdminAction } from '../../ledger/admin.ts';
import type { Profile } from '../../liveness/types.ts';
import { checkRules, type JudgingRules } from '../../policy/policy.ts';
import { toApp } from './accounts.ts';
import type { NoteChange } from './admin-log.ts';
import { appRow, needApp } from './app-rows.ts';
import { type Change, changeAccounts, type StoreDatabase } from './database.ts';
import type { Keyring } from './keys/keyring.ts';
import { rulesOf, writeRules } from './rules.ts';
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
    async listApps(limit, after, { text = '', state } = {}) {
      const rows = await database.read('accounts_unavailable', (db) => {
        let query = db.selectFrom('app').selectAll().orderBy('created_at').orderBy('appid');
        if (state !== undefined) query = query.where('state', '=', state);
        if (text !== '') {
          const plain = text.toLowerCase().replace(/[!%_]/g, '!$&');
          query = query.where(
            sql<boolean>`(lower(name) like ${`%${plain}%`} escape '!' or appid like ${`${plain}%`} escape '!')`,
          );
        }
        if (after !== undefined)
          query = query.where(
            sql<boolean>`(created_at, appid) > (select created_at, appid from app where appid = ${after})`,
          );
        return (limit === undefined ? query : query.limit(limit)).execute();
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
    changeApp: (appid, wanted, ifVersion) => changeApp(database, note, appid, wanted, ifVersion),
    setAppState: (appid, state) =>
      change(async (db) => {
        mayBecome(toApp(await needApp(db, appid)), state);
        return update(db, note, 'app.state', appid, { state });
      }),
    async setLimits(appid, limits) {
      checkLimits(limits);
      return change((db) => update(db, note, 'app.limits', appid, given(limitColumns(limits))));
    },
    async setPolicy(appid, policy) {
      checkPolicy(policy);
      return change((db) => update(db, note, 'app.policy', appid, given(policyColumns(policy))));
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

/** @throws {UsageError} `app_closed` */
function mayBecome(app: App, state: AppState): void {
  if (app.state === 'closed' && state !== 'closed')
    throw new UsageError('app_closed', `the app ${app.appid} was closed for good: make a new one`);
}

async function changeApp(
  database: StoreDatabase,
  note: NoteChange,
  appid: string,
  change: AppChange,
  ifVersion: string | null,
): Promise<ChangedApp> {
  const { name, state, limits = {}, buckets, policy = {}, rules = {} } = change;
  if (name !== undefined) checkName(name);
  checkLimits(limits);
  checkBuckets(buckets ?? []);
  checkPolicy(policy);
  checkRules(rules);
  return changeAccounts(database, async (db) => {
    const row = await needApp(db, appid);
    const app = toApp(row);
    const before = await rulesOf(db, appid);
    if (ifVersion !== null && ifVersion !== appVersion(app, before))
      throw new UsageError(
        'changed_meanwhile',
        `the app ${appid} was changed since it was read: read it anew`,
      );
    if (state !== undefined) mayBecome(app, state);
    const columns = [
      ['app.rename', given({ name: name?.trim() })],
      ['app.state', given({ state })],
      ['app.limits', given(limitColumns(limits))],
      ['app.buckets', given({ buckets: buckets && JSON.stringify([...new Set(buckets)]) })],
      ['app.policy', given(policyColumns(policy))],
    ] as const;
    let after = app;
    for (const [action, wanted] of columns) {
      const differing = Object.entries(wanted).filter(([key, value]) => row[key as keyof AppTable] !== value);
      after = await update(db, note, action, appid, Object.fromEntries(differing), after);
    }
    const newRules = Object.entries(rules).filter(([, value]) => value !== undefined);
    const differ = newRules.some(
      ([key, value]) => JSON.stringify(before[key as keyof JudgingRules]) !== JSON.stringify(value),
    );
    return { app: after, rules: differ ? await writeRules(db, note, appid, rules) : before };
  });
}

const limitColumns = ({
  requestsPerSecond: requests_per_second,
  burst,
  concurrent,
  daily,
}: Partial<AppLimits>) => ({ requests_per_second, burst, concurrent, daily });

const policyColumns = ({ threshold, profile, capture, review }: Partial<AppPolicy>) => ({
  threshold,
  capture,
  ...profileColumns(profile),
  ...reviewColumns(review),
});

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

/** Both limits, or neither: undefined leaves them as they are. */
function reviewColumns<R extends AppPolicy['review'] | undefined>(review: R) {
  const of = (limit: 'low' | 'high') => (review == null ? (review as R & (null | undefined)) : review[limit]);
  return { review_low: of('low'), review_high: of('high') };
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
    review_low: app.policy?.review?.low ?? null,
    review_high: app.policy?.review?.high ?? null,
    created_at: now,
  };
}

async function update(
  db: Db,
  note: NoteChange,
  action: AdminAction,
  appid: string,
  columns: Partial<AppTable>,
  known?: App,
): Promise<App> {
  const before = known ?? toApp(await needApp(db, appid));
  if (Object.keys(columns).length === 0) return before;
  await db.updateTable('app').set(columns).where('appid', '=', appid).execute();
  const after = toApp(await needApp(db, appid));
  await note(db, { action, target: appid, before, after });
  return after;
}
