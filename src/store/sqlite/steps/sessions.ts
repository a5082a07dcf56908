import type { Kysely, Migration } from 'kysely';

/** Sessions of the camera component, and the calls of webhooks that are still to be made. */
export const SESSIONS: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .createTable('session')
      .addColumn('session_id', 'text', (c) => c.primaryKey())
      .addColumn('appid', 'text', (c) => c.notNull())
      .addColumn('reference', 'text')
      .addColumn('expires_at', 'integer', (c) => c.notNull())
      .addColumn('ended_at', 'integer')
      .addColumn('content', 'text', (c) => c.notNull())
      .execute();
    await db.schema.createIndex('session_by_end').on('session').column('expires_at').execute();
    await db.schema.createIndex('session_by_reference').on('session').column('reference').execute();
    await db.schema
      .createTable('webhook')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('appid', 'text', (c) => c.notNull())
      .addColumn('url', 'text', (c) => c.notNull())
      .addColumn('body', 'text', (c) => c.notNull())
      .addColumn('state', 'text', (c) => c.notNull())
      .addColumn('tries', 'integer', (c) => c.notNull())
      .addColumn('due_at', 'integer')
      .addColumn('last_failure', 'text')
      .addColumn('ended_at', 'integer')
      .execute();
    await db.schema.createIndex('webhook_by_due').on('webhook').column('due_at').execute();
    await db.schema.createIndex('webhook_by_end').on('webhook').column('ended_at').execute();
  },
  async down(db: Kysely<unknown>): Promise<void> {
    await db.schema.dropTable('webhook').execute();
    await db.schema.dropTable('session').execute();
  },
};
