import { type Kysely, type Migration, sql } from 'kysely';

/**
 * Indexes for what used to read whole tables: buckets, master keys in use, the first app, counts of old days.
 */
export const INDEXES: Migration = {
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
