import { type Kysely, sql } from 'kysely';
import { run, type Step } from './step.ts';

/**
 * Token buckets of the apps, shared by all nodes. Not logged: after a crash of the server every bucket is
 * full again.
 */
export const RATES: Step = {
  kind: 'expand',
  async up(db: Kysely<unknown>): Promise<void> {
    await run(db, [
      sql`create unlogged table rate_bucket (
        appid text collate "C" primary key,
        tokens double precision not null,
        at double precision not null)`,
    ]);
  },
  async down(db: Kysely<unknown>): Promise<void> {
    await run(db, [sql`drop table rate_bucket`]);
  },
};
