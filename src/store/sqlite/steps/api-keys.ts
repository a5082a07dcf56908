import type { Kysely, Migration } from 'kysely';

/** The v1 API: its keys, the rules of apps, the memory of requests with an `Idempotency-Key`. */
export const API_KEYS: Migration = {
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
