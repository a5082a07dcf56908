import { type Kysely, sql } from 'kysely';
import { run, type Step } from './step.ts';

/** Apps, their pairs, keys and rules. Texts are compared byte by byte (`"C"`), as SQLite does. */
export const ACCOUNTS: Step = {
  kind: 'contract',
  async up(db: Kysely<unknown>): Promise<void> {
    await run(db, [
      sql`create table meta (key text collate "C" primary key, value text not null)`,
      sql`create table app (
        appid text collate "C" primary key,
        name text not null,
        state text not null check (state in ('active', 'suspended', 'closed')),
        buckets text not null,
        requests_per_second double precision,
        burst bigint,
        concurrent bigint,
        daily bigint,
        threshold double precision,
        profile text,
        profile_name text check (profile_name in ('careful', 'fast', 'single')),
        capture text,
        created_at bigint not null)`,
      sql`create index app_by_time on app (created_at, appid)`,
      sql`create table secret (
        secret_id text collate "C" primary key,
        appid text collate "C" not null references app,
        key_id text collate "C" not null,
        sealed bytea not null,
        enabled integer not null,
        expires_at bigint,
        created_at bigint not null,
        last_used_at bigint)`,
      sql`create index secret_by_app on secret (appid, created_at)`,
      sql`create index secret_by_key on secret (key_id)`,
      sql`create table api_key (
        key_id text collate "C" primary key,
        appid text collate "C" not null references app,
        name text not null,
        digest text not null,
        scopes text not null,
        networks text not null,
        enabled integer not null,
        expires_at bigint,
        created_at bigint not null,
        last_used_at bigint)`,
      sql`create index api_key_by_app on api_key (appid, created_at)`,
      sql`create table app_rules (appid text collate "C" primary key references app, rules text not null)`,
      sql`create table app_bucket (
        bucket text collate "C" not null,
        appid text collate "C" not null,
        primary key (bucket, appid))`,
      sql`create index app_bucket_by_app on app_bucket (appid)`,
      // Kept by the database itself, so that it never differs from the lists it is made of, whoever writes
      // them.
      sql`create function livestill_app_buckets() returns trigger language plpgsql as $$ begin
        delete from app_bucket where appid = new.appid;
        insert into app_bucket select distinct value, new.appid from jsonb_array_elements_text(new.buckets::jsonb);
        return null;
      end $$`,
      sql`create trigger app_buckets after insert or update of buckets on app
        for each row execute function livestill_app_buckets()`,
    ]);
  },
  async down(db: Kysely<unknown>): Promise<void> {
    await run(db, [
      sql`drop table app_bucket, app_rules, api_key, secret, app, meta`,
      sql`drop function livestill_app_buckets`,
    ]);
  },
};
