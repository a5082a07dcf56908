import { type Kysely, sql } from 'kysely';
import { run, type Step } from './step.ts';

/**
 * The SHA-256 of the picture of a result; of a group's row the hash over those of its stills. A quotation
 * mark inside of a text has a backslash before it, so no text looks like the member.
 */
export const PICTURE_OF_RESULT = sql<string>`substring(batch_result.result from '"sha256":"([0-9a-f]{64})"')`;

/** Results of batches are found by their picture, whether there is a row of the ledger or not. */
export const BATCH_PICTURES: Step = {
  kind: 'expand',
  async up(db: Kysely<unknown>): Promise<void> {
    // Of a hash index: an entry has four bytes of the value, however long it is.
    await run(db, [
      sql`create index batch_result_picture on batch_result using hash
        ((substring(result from '"sha256":"([0-9a-f]{64})"')))`,
    ]);
  },
  async down(db: Kysely<unknown>): Promise<void> {
    await run(db, [sql`drop index batch_result_picture`]);
  },
};
