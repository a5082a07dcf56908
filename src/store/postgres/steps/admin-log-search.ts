import { type Kysely, sql } from 'kysely';
import { run, type Step } from './step.ts';

/**
 * Indexes for the filters of the admin log and for the list of all batches, in the order of their pages. Some
 * are of a part of the rows that is all of them: see `latestChanges`.
 */
export const ADMIN_LOG_SEARCH: Step = {
  kind: 'expand',
  async up(db: Kysely<unknown>): Promise<void> {
    await run(db, [
      sql`create index admin_log_by_time on admin_log (at, id) where id > 0`,
      sql`create index admin_log_by_actor on admin_log (actor_name, at, id) where id > -1`,
      sql`create index admin_log_by_action on admin_log (action, at, id) where id > -1`,
      sql`create index admin_log_by_actor_action on admin_log (actor_name, action, at, id)`,
      sql`create index admin_log_by_target on admin_log (target, at, id)`,
      sql`create index batch_by_time on batch (created_at, batch_id) where batch_id <> ''`,
    ]);
  },
  async down(db: Kysely<unknown>): Promise<void> {
    await run(db, [
      sql`drop index admin_log_by_time, admin_log_by_actor, admin_log_by_action, admin_log_by_actor_action, admin_log_by_target, batch_by_time`,
    ]);
  },
};
