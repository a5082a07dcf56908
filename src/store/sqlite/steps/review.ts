import type { Kysely, Migration } from 'kysely';

/**
 * The flag `review` of decisions. A version before it writes none, and its rows keep the form that it knows.
 */
export const REVIEW: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema.alterTable('ledger').addColumn('review', 'integer').execute();
  },
};
