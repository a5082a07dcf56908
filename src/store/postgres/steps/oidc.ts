import { type Kysely, sql } from 'kysely';
import { run, type Step } from './step.ts';

/** Who a user is at an OpenID Connect provider. */
export const OIDC: Step = {
  kind: 'expand',
  async up(db: Kysely<unknown>): Promise<void> {
    await run(db, [
      sql`alter table console_user add column issuer text collate "C", add column subject text collate "C"`,
      sql`create unique index console_user_by_identity on console_user (issuer, subject) where issuer is not null`,
    ]);
  },
  async down(db: Kysely<unknown>): Promise<void> {
    await run(db, [
      sql`drop index console_user_by_identity`,
      sql`alter table console_user drop column subject, drop column issuer`,
    ]);
  },
};
