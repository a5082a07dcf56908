import { type Kysely, sql } from 'kysely';
import { run, type Step } from './step.ts';

/** An index over the decisions for review alone: it costs nothing for all others. */
export const LEDGER_SEARCH: Step = {
  kind: 'expand',
  async up(db: Kysely<unknown>): Promise<void> {
    await run(db, [sql`create index ledger_for_review on ledger (at, id) where review = 1`]);
  },
  async down(db: Kysely<unknown>): Promise<void> {
    await run(db, [sql`drop index ledger_for_review`]);
  },
};
