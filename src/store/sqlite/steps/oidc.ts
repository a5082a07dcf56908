import { type Kysely, type Migration, sql } from 'kysely';

/** Who a user is at an OpenID Connect provider. */
export const OIDC: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    const statements = [
      sql`alter table console_user add column issuer text`,
      sql`alter table console_user add column subject text`,
      sql`create unique index console_user_by_identity on console_user (issuer, subject) where issuer is not null`,
    ];
    for (const statement of statements) await statement.execute(db);
  },
  async down(db: Kysely<unknown>): Promise<void> {
    const statements = [
      sql`drop index console_user_by_identity`,
      sql`alter table console_user drop column subject`,
      sql`alter table console_user drop column issuer`,
    ];
    for (const statement of statements) await statement.execute(db);
  },
};
