import { type Kysely, type Migration, sql } from 'kysely';

/** An index over the decisions for review alone: it costs nothing for all others. */
export const LEDGER_SEARCH: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`create index ledger_for_review on ledger (at, id) where review = 1`.execute(db);
  },
};
