import { type Kysely, type Migration, sql } from 'kysely';

/** The first tables: apps, pairs, used signatures, daily counts, the ledger. */
export const FIRST: Migration = {
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
