import { type Kysely, sql } from 'kysely';
import { run, type Step } from './step.ts';

/**
 * What is remembered of requests: used signatures, daily counts, answers to requests with an
 * `Idempotency-Key`.
 */
export const REQUESTS: Step = {
  kind: 'contract',
  async up(db: Kysely<unknown>): Promise<void> {
    await run(db, [
      sql`create table used_signature (digest text collate "C" primary key, until bigint not null)`,
      sql`create index used_signature_by_end on used_signature (until)`,
      sql`create table usage_day (
        appid text collate "C" not null,
        day text collate "C" not null,
        count bigint not null,
        primary key (appid, day))`,
      sql`create index usage_day_by_day on usage_day (day)`,
      sql`create table idempotency (
        appid text collate "C" not null,
        key text collate "C" not null,
        fingerprint text not null,
        token text not null,
        http integer,
        content_type text,
        body text,
        until bigint not null,
        at bigint not null default 0,
        bytes bigint not null default 0,
        primary key (appid, key))`,
      sql`create index idempotency_by_end on idempotency (until)`,
      sql`create index idempotency_by_app on idempotency (appid, at)`,
      ...SHARES,
    ]);
  },
  async down(db: Kysely<unknown>): Promise<void> {
    await run(db, [
      sql`drop view idempotency_share`,
      sql`drop table idempotency_app_share, idempotency, usage_day, used_signature`,
      sql`drop function livestill_idempotency_share`,
    ]);
  },
};

/**
 * What each app's answers take, kept by the database. The sum over all is taken when asked for: a row of it
 * would make all writers wait for each other.
 */
const SHARES = [
  sql`create table idempotency_app_share (appid text collate "C" primary key, rows bigint not null, bytes bigint not null)`,
  sql`create view idempotency_share as
    select appid, rows, bytes from idempotency_app_share
    union all select '', coalesce(sum(rows), 0)::bigint, coalesce(sum(bytes), 0)::bigint from idempotency_app_share`,
  sql`create function livestill_idempotency_share() returns trigger language plpgsql as $$ begin
    if tg_op = 'INSERT' then
      insert into idempotency_app_share as share values (new.appid, 1, new.bytes)
        on conflict (appid) do update set rows = share.rows + 1, bytes = share.bytes + new.bytes;
    elsif tg_op = 'UPDATE' then
      update idempotency_app_share set bytes = bytes + new.bytes - old.bytes where appid = new.appid;
    else
      update idempotency_app_share set rows = rows - 1, bytes = bytes - old.bytes where appid = old.appid;
      delete from idempotency_app_share where appid = old.appid and rows <= 0;
    end if;
    return null;
  end $$`,
  sql`create trigger idempotency_counted after insert or delete or update of bytes on idempotency
    for each row execute function livestill_idempotency_share()`,
];
