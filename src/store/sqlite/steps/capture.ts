import type { Kysely, Migration } from 'kysely';

/** The capture preset that an app asks for; null, as in every row from before, is the server's. */
export const CAPTURE: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema.alterTable('app').addColumn('capture', 'text').execute();
  },
};
