import { type Kysely, sql } from 'kysely';
import { run, type Step } from './step.ts';

/** Users, sessions and keys of the console. */
export const CONSOLE: Step = {
  kind: 'expand',
  async up(db: Kysely<unknown>): Promise<void> {
    await run(db, [
      sql`create table console_user (
        id text collate "C" primary key,
        name text not null,
        name_key text collate "C" not null unique,
        role text not null check (role in ('administrator', 'operator', 'auditor', 'viewer')),
        enabled integer not null,
        password text,
        totp_sealed bytea,
        totp_key_id text collate "C",
        totp_step bigint,
        created_at bigint not null,
        last_sign_in_at bigint)`,
      sql`create table console_session (
        id text collate "C" primary key,
        user_id text collate "C" not null references console_user,
        digest text collate "C" not null unique,
        previous_digest text collate "C",
        csrf_token text not null,
        created_at bigint not null,
        seen_at bigint not null,
        rotated_at bigint not null,
        expires_at bigint not null,
        address text not null,
        agent text not null)`,
      sql`create index console_session_by_user on console_session (user_id, created_at)`,
      sql`create index console_session_by_previous on console_session (previous_digest)`,
      sql`create index console_session_by_end on console_session (expires_at)`,
      sql`create table console_ticket (
        digest text collate "C" primary key,
        kind text not null,
        user_id text collate "C" references console_user,
        data text,
        until bigint not null)`,
      sql`create index console_ticket_by_end on console_ticket (until)`,
      sql`create table console_failure (
        key text collate "C" primary key,
        count integer not null,
        last_at bigint not null,
        until bigint)`,
      sql`create index console_failure_by_time on console_failure (last_at)`,
      sql`create table console_passkey (
        id text collate "C" primary key,
        user_id text collate "C" not null references console_user,
        name text not null,
        public_key text not null,
        counter bigint not null,
        transports text not null,
        created_at bigint not null,
        last_used_at bigint)`,
      sql`create index console_passkey_by_user on console_passkey (user_id, created_at)`,
      sql`create table admin_key (
        key_id text collate "C" primary key,
        name text not null,
        role text not null,
        digest text not null,
        networks text not null,
        expires_at bigint,
        created_at bigint not null,
        last_used_at bigint)`,
    ]);
  },
  async down(db: Kysely<unknown>): Promise<void> {
    await run(db, [
      sql`drop table console_passkey, console_failure, console_ticket, console_session, console_user, admin_key`,
    ]);
  },
};
