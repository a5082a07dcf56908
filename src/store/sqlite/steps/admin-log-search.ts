import { type Kysely, type Migration, sql } from 'kysely';

/**
 * Indexes for the filters of the admin log, in the order of its pages. Some are of a part of the entries
 * that is all of them: see `latestChanges`.
 */
export const ADMIN_LOG_SEARCH: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    const statements = [
      sql`create index admin_log_by_time on admin_log (at, id) where id > 0`,
      sql`create index admin_log_by_actor on admin_log (actor_name, at, id) where id > -1`,
      sql`create index admin_log_by_action on admin_log (action, at, id) where id > -1`,
      sql`create index admin_log_by_actor_action on admin_log (actor_name, action, at, id)`,
      sql`create index admin_log_by_target on admin_log (target, at, id)`,
    ];
    for (const statement of statements) await statement.execute(db);
  },
  async down(db: Kysely<unknown>): Promise<void> {
    const statements = [
      sql`drop index admin_log_by_time`,
      sql`drop index admin_log_by_actor`,
      sql`drop index admin_log_by_action`,
      sql`drop index admin_log_by_actor_action`,
      sql`drop index admin_log_by_target`,
    ];
    for (const statement of statements) await statement.execute(db);
  },
};
