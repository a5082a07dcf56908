import { type Kysely, type Migration, Migrator, sql } from 'kysely';
import { Fault } from '../errors.ts';
import { shares } from './step-shares.ts';
import type { Tables } from './tables.ts';

const first: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .createTable('meta')
      .addColumn('key', 'text', (c) => c.primaryKey())
      .addColumn('value', 'text', (c) => c.notNull())
      .execute();
    await db.schema
      .createTable('app')
      .addColumn('appid', 'text', (c) => c.primaryKey())
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('state', 'text', (c) => c.notNull().check(sql`state in ('active', 'suspended', 'closed')`))
      .addColumn('buckets', 'text', (c) => c.notNull())
      .addColumn('requests_per_second', 'real')
      .addColumn('burst', 'integer')
      .addColumn('concurrent', 'integer')
      .addColumn('daily', 'integer')
      .addColumn('threshold', 'real')
      .addColumn('profile', 'text', (c) => c.check(sql`profile in ('careful', 'fast')`))
      .addColumn('created_at', 'integer', (c) => c.notNull())
      .execute();
    await db.schema
      .createTable('secret')
      .addColumn('secret_id', 'text', (c) => c.primaryKey())
      .addColumn('appid', 'text', (c) => c.notNull().references('app.appid'))
      .addColumn('key_id', 'text', (c) => c.notNull())
      .addColumn('sealed', 'blob', (c) => c.notNull())
      .addColumn('enabled', 'integer', (c) => c.notNull())
      .addColumn('expires_at', 'integer')
      .addColumn('created_at', 'integer', (c) => c.notNull())
      .addColumn('last_used_at', 'integer')
      .execute();
    await db.schema.createIndex('secret_by_app').on('secret').columns(['appid', 'created_at']).execute();
    await db.schema
      .createTable('used_signature')
      .addColumn('digest', 'text', (c) => c.primaryKey())
      .addColumn('until', 'integer', (c) => c.notNull())
      .modifyEnd(sql`without rowid`)
      .execute();
    await db.schema.createIndex('used_signature_by_end').on('used_signature').column('until').execute();
    await db.schema
      .createTable('usage_day')
      .addColumn('appid', 'text', (c) => c.notNull())
      .addColumn('day', 'text', (c) => c.notNull())
      .addColumn('count', 'integer', (c) => c.notNull())
      .addPrimaryKeyConstraint('usage_day_key', ['appid', 'day'])
      .modifyEnd(sql`without rowid`)
      .execute();
    await ledger(db);
  },
};

async function ledger(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('model_set')
    .addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement())
    .addColumn('models', 'text', (c) => c.notNull().unique())
    .execute();
  await db.schema
    .createTable('ledger')
    .addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement())
    .addColumn('at', 'integer', (c) => c.notNull())
    .addColumn('request_id', 'text', (c) => c.notNull())
    .addColumn('appid', 'text', (c) => c.notNull())
    .addColumn('secret_id', 'text', (c) => c.notNull())
    .addColumn('source', 'text', (c) => c.notNull())
    .addColumn('picture_bytes', 'integer', (c) => c.notNull())
    .addColumn('picture_sha256', 'text', (c) => c.notNull())
    .addColumn('code', 'integer', (c) => c.notNull())
    .addColumn('verdict', 'text')
    .addColumn('score', 'real')
    .addColumn('raw_score', 'real')
    .addColumn('reasons', 'text', (c) => c.notNull())
    .addColumn('model_set_id', 'integer', (c) => c.notNull().references('model_set.id'))
    .addColumn('milliseconds', 'real', (c) => c.notNull())
    .addColumn('caller_address', 'text', (c) => c.notNull())
    .execute();
  await db.schema.createIndex('ledger_by_time').on('ledger').column('at').execute();
  await db.schema.createIndex('ledger_by_request').on('ledger').column('request_id').execute();
  await db.schema.createIndex('ledger_by_app').on('ledger').columns(['appid', 'at']).execute();
}

const apiKeys: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .createTable('api_key')
      .addColumn('key_id', 'text', (c) => c.primaryKey())
      .addColumn('appid', 'text', (c) => c.notNull().references('app.appid'))
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('digest', 'text', (c) => c.notNull())
      .addColumn('scopes', 'text', (c) => c.notNull())
      .addColumn('networks', 'text', (c) => c.notNull())
      .addColumn('enabled', 'integer', (c) => c.notNull())
      .addColumn('expires_at', 'integer')
      .addColumn('created_at', 'integer', (c) => c.notNull())
      .addColumn('last_used_at', 'integer')
      .execute();
    await db.schema.createIndex('api_key_by_app').on('api_key').columns(['appid', 'created_at']).execute();
    await db.schema
      .createTable('app_rules')
      .addColumn('appid', 'text', (c) => c.primaryKey().references('app.appid'))
      .addColumn('rules', 'text', (c) => c.notNull())
      .execute();
    await db.schema
      .createTable('idempotency')
      .addColumn('appid', 'text', (c) => c.notNull())
      .addColumn('key', 'text', (c) => c.notNull())
      .addColumn('fingerprint', 'text', (c) => c.notNull())
      .addColumn('token', 'text', (c) => c.notNull())
      .addColumn('http', 'integer')
      .addColumn('content_type', 'text')
      .addColumn('body', 'text')
      .addColumn('until', 'integer', (c) => c.notNull())
      .addPrimaryKeyConstraint('idempotency_key', ['appid', 'key'])
      .execute();
    await db.schema.createIndex('idempotency_by_end').on('idempotency').column('until').execute();
  },
};

/** Indexes for what used to read whole tables: buckets, master keys in use, the first app, counts of old days. */
const indexes: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema.createIndex('secret_by_key').on('secret').column('key_id').execute();
    await db.schema.createIndex('app_by_time').on('app').columns(['created_at', 'appid']).execute();
    await db.schema.createIndex('usage_day_by_day').on('usage_day').column('day').execute();
    await db.schema
      .createTable('app_bucket')
      .addColumn('bucket', 'text', (c) => c.notNull())
      .addColumn('appid', 'text', (c) => c.notNull())
      .addPrimaryKeyConstraint('app_bucket_key', ['bucket', 'appid'])
      .modifyEnd(sql`without rowid`)
      .execute();
    await db.schema.createIndex('app_bucket_by_app').on('app_bucket').column('appid').execute();
    // Kept by SQLite itself, so that it can never differ from the lists it is made of, whoever writes them.
    await sql`insert into app_bucket select distinct value, appid from app, json_each(app.buckets)`.execute(
      db,
    );
    await sql`create trigger app_bucket_added after insert on app begin
      insert into app_bucket select distinct value, new.appid from json_each(new.buckets);
    end`.execute(db);
    await sql`create trigger app_bucket_changed after update of buckets on app begin
      delete from app_bucket where appid = new.appid;
      insert into app_bucket select distinct value, new.appid from json_each(new.buckets);
    end`.execute(db);
  },
};

/**
 * What explains a decision, the chain over decisions and changes, and the log of changes. Everything is added and may be empty: a
 * version before this one writes its rows as it did.
 */
const record: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .createTable('policy_version')
      .addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement())
      .addColumn('hash', 'text', (c) => c.notNull().unique())
      .addColumn('content', 'text', (c) => c.notNull())
      .addColumn('first_at', 'integer', (c) => c.notNull())
      .execute();
    const columns = [
      ['kind', 'text'],
      ['requests', 'integer'],
      ['api', 'text'],
      ['http', 'integer'],
      ['version', 'text'],
      ['profile', 'text'],
      ['threshold', 'real'],
      ['policy_version_id', 'integer'],
      ['live_probability', 'real'],
      ['face_count', 'integer'],
      ['quality', 'text'],
      ['reference', 'text'],
      ['salt', 'text'],
      ['hash', 'text'],
    ] as const;
    for (const [name, type] of columns) {
      await db.schema.alterTable('ledger').addColumn(name, type).execute();
    }
    await sql`create index ledger_by_reference on ledger (reference) where reference is not null`.execute(db);
    await sql`create index ledger_by_picture on ledger (picture_sha256) where picture_sha256 <> ''`.execute(
      db,
    );
    await db.schema
      .createTable('admin_log')
      .addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement())
      .addColumn('at', 'integer', (c) => c.notNull())
      .addColumn('actor_kind', 'text', (c) => c.notNull())
      .addColumn('actor_name', 'text', (c) => c.notNull())
      .addColumn('actor_from', 'text', (c) => c.notNull())
      .addColumn('action', 'text', (c) => c.notNull())
      .addColumn('target', 'text', (c) => c.notNull())
      .addColumn('before', 'text')
      .addColumn('after', 'text')
      .addColumn('salt', 'text', (c) => c.notNull())
      .addColumn('hash', 'text', (c) => c.notNull())
      .execute();
    await db.schema
      .createTable('chain_head')
      .addColumn('chain', 'text', (c) => c.primaryKey())
      .addColumn('row_id', 'integer', (c) => c.notNull())
      .addColumn('hash', 'text', (c) => c.notNull())
      .execute();
    await db.schema
      .createTable('chain_checkpoint')
      .addColumn('chain', 'text', (c) => c.notNull())
      .addColumn('row_id', 'integer', (c) => c.notNull())
      .addColumn('hash', 'text', (c) => c.notNull())
      .addColumn('at', 'integer', (c) => c.notNull())
      .addColumn('key_id', 'text', (c) => c.notNull())
      .addColumn('signature', 'text', (c) => c.notNull())
      .addPrimaryKeyConstraint('chain_checkpoint_key', ['chain', 'row_id'])
      .execute();
    await db.schema
      .createTable('chain_tombstone')
      .addColumn('chain', 'text', (c) => c.notNull())
      .addColumn('from_id', 'integer', (c) => c.notNull())
      .addColumn('to_id', 'integer', (c) => c.notNull())
      .addColumn('row_count', 'integer', (c) => c.notNull())
      .addColumn('digest', 'text')
      .addColumn('hash_before', 'text', (c) => c.notNull())
      .addColumn('hash_after', 'text', (c) => c.notNull())
      .addColumn('reason', 'text', (c) => c.notNull())
      .addColumn('at', 'integer', (c) => c.notNull())
      .addColumn('key_id', 'text', (c) => c.notNull())
      .addColumn('signature', 'text', (c) => c.notNull())
      .addPrimaryKeyConstraint('chain_tombstone_key', ['chain', 'from_id'])
      .execute();
    await db.schema
      .createTable('audit_key')
      .addColumn('key_id', 'text', (c) => c.primaryKey())
      .addColumn('public_key', 'text', (c) => c.notNull())
      .addColumn('first_at', 'integer', (c) => c.notNull())
      .execute();
  },
};

/**
 * The profile `single`. The older column's check knows two names, and SQLite cannot change a check: a column beside it, which
 * triggers keep in step with what versions before this one write as long as any of them runs.
 */
const profiles: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .alterTable('app')
      .addColumn('profile_name', 'text', (c) => c.check(sql`profile_name in ('careful', 'fast', 'single')`))
      .execute();
    await sql`update app set profile_name = profile`.execute(db);
    await sql`create trigger app_profile_added after insert on app
      when new.profile is not null and new.profile_name is null begin
        update app set profile_name = new.profile where appid = new.appid;
      end`.execute(db);
    await sql`create trigger app_profile_changed after update of profile on app
      when new.profile is not old.profile and new.profile_name is old.profile_name
        and new.profile_name is not new.profile begin
        update app set profile_name = new.profile where appid = new.appid;
      end`.execute(db);
  },
};

/** The flag `review` of decisions. A version before it writes none, and its rows keep the form that it knows. */
const review: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema.alterTable('ledger').addColumn('review', 'integer').execute();
  },
};

/** Steps by name, run in the order of the names; a step that was released is never changed. */
export const migrations: Readonly<Record<string, Migration>> = {
  '0001-first': first,
  '0002-api-keys': apiKeys,
  '0003-indexes': indexes,
  '0004-idempotency-shares': shares,
  '0006-record': record,
  '0009-profiles': profiles,
  '0010-review': review,
};

/** How the steps that a file has been through compare with those of this version. */
export function schemaAge(done: readonly string[]): 'current' | 'older' | 'newer' {
  if (done.some((name) => !Object.hasOwn(migrations, name))) return 'newer';
  return done.length === Object.keys(migrations).length ? 'current' : 'older';
}

/** The steps that a file has been through, and those that it lacks; found out without the write lock. */
async function stepsOf(db: Kysely<Tables>): Promise<{ readonly done: string[]; readonly missing: string[] }> {
  const tables = await sql`select name from sqlite_schema where name = 'kysely_migration'`.execute(db);
  const rows =
    tables.rows.length === 0
      ? []
      : (await sql<{ name: string }>`select name from kysely_migration order by name`.execute(db)).rows;
  const done = rows.map((row) => row.name);
  const missing = Object.keys(migrations).filter((name) => !done.includes(name));
  return { done, missing: missing.sort() };
}

/** What was done to a file's tables. */
export interface MigratedSteps {
  /** The last step that they had been through before. */
  readonly from: string;
  readonly steps: readonly string[];
}

/**
 * Bring the tables up to this version, all in one transaction under the write lock: two processes that start together do it
 * once.
 * @param before told the steps before the first of them, where the file holds tables already; what it throws keeps the file as it is
 * @returns what was done to tables that were there already; null where nothing was, or they were made new
 * @throws Fault 107 (`store_newer`) when a newer livestill wrote the file; SQLite's own errors
 */
export async function migrate(
  db: Kysely<Tables>,
  before: (steps: MigratedSteps) => Promise<void>,
): Promise<MigratedSteps | null> {
  const { done, missing } = await stepsOf(db);
  if (missing.length === 0 && schemaAge(done) === 'current') return null;
  const from = done.at(-1);
  const isOlder = from !== undefined && schemaAge(done) === 'older';
  if (isOlder) await before({ from, steps: missing });
  const migrator = new Migrator({ db, provider: { getMigrations: async () => ({ ...migrations }) } });
  const { error, results } = await migrator.migrateToLatest();
  if (error === undefined) {
    const made = (results ?? []).map(({ migrationName }) => migrationName);
    return isOlder && made.length > 0 ? { from, steps: made } : null;
  }
  if (/corrupted migrations/.test((error as Error).message)) {
    throw new Fault(
      107,
      'store_newer',
      'the data folder was written by a newer version of livestill: use that version, or put a backup made before it back with "livestill restore" (the newer version keeps one in the folder "backups" of the data folder)',
      { cause: error },
    );
  }
  throw error;
}
