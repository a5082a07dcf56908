import { type Kysely, sql } from 'kysely';
import { run, type Step } from './step.ts';

/**
 * Permits of requests that run, shared by all nodes. Not logged: after a crash of the server all are free
 * again.
 */
export const PERMITS: Step = {
  kind: 'expand',
  async up(db: Kysely<unknown>): Promise<void> {
    await run(db, [
      sql`create unlogged table permit (
        appid text collate "C" not null,
        id text collate "C" not null,
        until double precision not null,
        primary key (appid, id))`,
    ]);
  },
  async down(db: Kysely<unknown>): Promise<void> {
    await run(db, [sql`drop table permit`]);
  },
};
