import { type Kysely, type Migration, sql } from 'kysely';

/** An index over the open sessions of each app: they are counted at each new one. */
export const SESSIONS_OPEN: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`create index session_open on session (appid, expires_at) where ended_at is null`.execute(db);
  },
  async down(db: Kysely<unknown>): Promise<void> {
    await sql`drop index session_open`.execute(db);
  },
};
