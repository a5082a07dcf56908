import { type Kysely, type Migration, sql } from 'kysely';

/**
 * The profile `single`. The older column's check knows two names, and SQLite cannot change a check: a column
 * beside it, which triggers keep in step with what versions before this one write as long as any of them
 * runs.
 */
export const PROFILES: Migration = {
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
