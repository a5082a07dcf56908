import { type Kysely, type Migration, sql } from 'kysely';

/** Users, sessions and keys of the console. */
export const CONSOLE: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    const statements = [
      sql`create table console_user (
        id text primary key, name text not null, name_key text not null unique, role text not null,
        enabled integer not null, password text, totp_sealed blob, totp_key_id text, totp_step integer,
        created_at integer not null, last_sign_in_at integer)`,
      sql`create table console_session (
        id text primary key, user_id text not null references console_user (id), digest text not null unique,
        previous_digest text, csrf_token text not null, created_at integer not null, seen_at integer not null,
        rotated_at integer not null, expires_at integer not null, address text not null, agent text not null)`,
      sql`create index console_session_by_user on console_session (user_id, created_at)`,
      sql`create index console_session_by_previous on console_session (previous_digest)`,
      sql`create index console_session_by_end on console_session (expires_at)`,
      sql`create table console_ticket (
        digest text primary key, kind text not null, user_id text references console_user (id), data text,
        until integer not null)`,
      sql`create index console_ticket_by_end on console_ticket (until)`,
      sql`create table console_failure (
        key text primary key, count integer not null, last_at integer not null, until integer)`,
      sql`create index console_failure_by_time on console_failure (last_at)`,
      sql`create table console_passkey (
        id text primary key, user_id text not null references console_user (id), name text not null,
        public_key text not null, counter integer not null, transports text not null,
        created_at integer not null, last_used_at integer)`,
      sql`create index console_passkey_by_user on console_passkey (user_id, created_at)`,
      sql`create table admin_key (
        key_id text primary key, name text not null, role text not null, digest text not null,
        networks text not null, expires_at integer, created_at integer not null, last_used_at integer)`,
    ];
    for (const statement of statements) await statement.execute(db);
  },
  async down(db: Kysely<unknown>): Promise<void> {
    const tables = [
      'console_passkey',
      'console_failure',
      'console_ticket',
      'console_session',
      'console_user',
      'admin_key',
    ];
    for (const table of tables) await db.schema.dropTable(table).execute();
  },
};
