import { type Kysely, type Migration, sql } from 'kysely';

/**
 * What explains a decision, the chain over decisions and changes, and the log of changes. Everything is added
 * and may be empty: a version before this one writes its rows as it did.
 */
export const RECORD: Migration = {
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
    await adminLog(db);
    await chains(db);
  },
};

async function adminLog(db: Kysely<unknown>): Promise<void> {
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
}

async function chains(db: Kysely<unknown>): Promise<void> {
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
}
