import { type Kysely, type Migration, sql } from 'kysely';
import { MADE_BY_LOG } from '../../core/console/made-by.ts';

/** When the user of a session last proved who it is, and whose an admin key is. */
export const CONSOLE_PROOF: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`alter table console_session add column proven_at integer`.execute(db);
    await sql`alter table admin_key add column made_by text`.execute(db);
    await MADE_BY_LOG.execute(db);
  },
  async down(db: Kysely<unknown>): Promise<void> {
    await sql`alter table admin_key drop column made_by`.execute(db);
    await sql`alter table console_session drop column proven_at`.execute(db);
  },
};
