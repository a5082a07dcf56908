import { type Kysely, sql } from 'kysely';
import { run, type Step } from './step.ts';

/**
 * Results of a batch that were written to storage are written again after an erasure: the round tells
 * whether what a worker wrote was read before or after it.
 */
export const RESULTS_ROUND: Step = {
  kind: 'expand',
  async up(db: Kysely<unknown>): Promise<void> {
    await run(db, [sql`alter table batch add column results_round integer not null default 0`]);
  },
  async down(db: Kysely<unknown>): Promise<void> {
    await run(db, [sql`alter table batch drop column results_round`]);
  },
};
