import { type Kysely, sql } from 'kysely';
import { run, type Step } from './step.ts';

/** The limits of review of an app; null, as in every row from before, are the server's. */
export const REVIEW_LIMITS: Step = {
  kind: 'expand',
  async up(db: Kysely<unknown>): Promise<void> {
    await run(db, [
      sql`alter table app add column review_low double precision, add column review_high double precision`,
    ]);
  },
  async down(db: Kysely<unknown>): Promise<void> {
    await run(db, [sql`alter table app drop column review_low, drop column review_high`]);
  },
};
