import { type Kysely, sql } from 'kysely';
import { run, type Step } from './step.ts';

/** Sessions of the camera component, and the calls of webhooks that are still to be made. */
export const SESSIONS: Step = {
  kind: 'expand',
  async up(db: Kysely<unknown>): Promise<void> {
    await run(db, [
      sql`create table session (
        session_id text collate "C" primary key,
        appid text collate "C" not null,
        reference text collate "C",
        expires_at bigint not null,
        ended_at bigint,
        content text not null)`,
      sql`create index session_by_end on session (expires_at)`,
      sql`create index session_by_reference on session (reference) where reference is not null`,
      sql`create table webhook (
        id text collate "C" primary key,
        appid text collate "C" not null,
        url text not null,
        body text not null,
        state text not null check (state in ('waiting', 'delivered', 'given_up')),
        tries integer not null,
        due_at bigint,
        last_failure text,
        ended_at bigint)`,
      sql`create index webhook_by_due on webhook (due_at) where due_at is not null`,
      sql`create index webhook_by_end on webhook (ended_at) where ended_at is not null`,
    ]);
  },
  async down(db: Kysely<unknown>): Promise<void> {
    await run(db, [sql`drop table webhook, session`]);
  },
};
