import { type Kysely, type Migration, sql } from 'kysely';

/** The trace that a session was asked for in: its webhook goes on with it. */
export const TRACEPARENT: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`alter table webhook add column traceparent text`.execute(db);
  },
  async down(db: Kysely<unknown>): Promise<void> {
    await sql`alter table webhook drop column traceparent`.execute(db);
  },
};
