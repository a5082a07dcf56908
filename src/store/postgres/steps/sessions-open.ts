import { type Kysely, sql } from 'kysely';
import { run, type Step } from './step.ts';

/** An index over the open sessions of each app: they are counted at each new one. */
export const SESSIONS_OPEN: Step = {
  kind: 'expand',
  async up(db: Kysely<unknown>): Promise<void> {
    await run(db, [sql`create index session_open on session (appid, expires_at) where ended_at is null`]);
  },
  async down(db: Kysely<unknown>): Promise<void> {
    await run(db, [sql`drop index session_open`]);
  },
};
