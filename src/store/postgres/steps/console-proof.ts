import { type Kysely, sql } from 'kysely';
import { MADE_BY_LOG } from '../../core/console/made-by.ts';
import { run, type Step } from './step.ts';

/** When the user of a session last proved who it is, and whose an admin key is. */
export const CONSOLE_PROOF: Step = {
  kind: 'expand',
  async up(db: Kysely<unknown>): Promise<void> {
    await run(db, [
      sql`alter table console_session add column proven_at bigint`,
      sql`alter table admin_key add column made_by text collate "C"`,
      MADE_BY_LOG,
    ]);
  },
  async down(db: Kysely<unknown>): Promise<void> {
    await run(db, [
      sql`alter table admin_key drop column made_by`,
      sql`alter table console_session drop column proven_at`,
    ]);
  },
};
