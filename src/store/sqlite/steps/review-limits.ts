import type { Kysely, Migration } from 'kysely';

/** The limits of review of an app; null, as in every row from before, are the server's. */
export const REVIEW_LIMITS: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema.alterTable('app').addColumn('review_low', 'real').execute();
    await db.schema.alterTable('app').addColumn('review_high', 'real').execute();
  },
  async down(db: Kysely<unknown>): Promise<void> {
    await db.schema.alterTable('app').dropColumn('review_low').execute();
    await db.schema.alterTable('app').dropColumn('review_high').execute();
  },
};
