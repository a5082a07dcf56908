import { type Kysely, sql } from 'kysely';
import { run, type Step } from './step.ts';

/** Results of batches that are written to storage, and batches that are let go of by age. */
export const BATCH_RESULTS: Step = {
  kind: 'expand',
  async up(db: Kysely<unknown>): Promise<void> {
    await run(db, [
      sql`alter table batch
        add column results_to text,
        add column results_state text collate "C",
        add column results_at bigint,
        add column results_tries integer not null default 0,
        add column results_failure text`,
      sql`create index batch_results_due on batch (results_at) where results_state = 'waiting'`,
      sql`create index batch_over on batch (created_at) where state in ('done', 'cancelled', 'filling')`,
    ]);
  },
  async down(db: Kysely<unknown>): Promise<void> {
    await run(db, [
      sql`drop index batch_over`,
      sql`drop index batch_results_due`,
      sql`alter table batch
        drop column results_to,
        drop column results_state,
        drop column results_at,
        drop column results_tries,
        drop column results_failure`,
    ]);
  },
};
