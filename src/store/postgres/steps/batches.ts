import { type Kysely, sql } from 'kysely';
import { CHUNK_QUEUE, QUEUE_SCHEMA, queueStatements } from '../batches/queue-schema.ts';
import { run, type Step } from './step.ts';

/** Batches, their chunks and results, and the queue's own tables in a schema of their own. */
export const BATCHES: Step = {
  kind: 'expand',
  async up(db: Kysely<unknown>): Promise<void> {
    await run(db, [
      sql`create table batch (
        batch_id text collate "C" primary key,
        appid text collate "C" not null,
        secret_id text collate "C" not null,
        name text not null,
        state text collate "C" not null,
        priority integer not null,
        picture_count bigint not null,
        judged bigint not null,
        refused bigint not null,
        failed bigint not null,
        created_at bigint not null,
        changed_at bigint not null,
        begun_at bigint,
        finished_at bigint,
        webhook text,
        webhook_tries integer not null,
        webhook_at bigint,
        webhook_state text collate "C")`,
      sql`create index batch_by_app on batch (appid, created_at)`,
      sql`create index batch_webhook on batch (webhook_at) where webhook_at is not null`,
      sql`create table batch_chunk (
        batch_id text collate "C" not null references batch on delete cascade,
        chunk integer not null,
        state text collate "C" not null,
        first_row bigint not null,
        pictures text not null,
        picture_count integer not null,
        done integer not null,
        turn bigint not null,
        job_id uuid,
        lease text collate "C",
        lease_until bigint,
        worker text,
        crashes integer not null,
        changed_at bigint not null,
        primary key (batch_id, chunk))`,
      sql`create index batch_chunk_by_state on batch_chunk (state, changed_at) where state in ('waiting', 'running')`,
      sql`create table batch_result (
        batch_id text collate "C" not null references batch on delete cascade,
        row_number bigint not null,
        chunk integer not null,
        outcome text collate "C" not null,
        result text not null,
        primary key (batch_id, row_number))`,
    ]);
    for (const statement of await queueStatements()) await sql.raw(statement).execute(db);
    await sql`select ${sql.raw(QUEUE_SCHEMA)}.create_queue(${CHUNK_QUEUE}, ${JSON.stringify({
      policy: 'standard',
      retryLimit: 0,
    })}::json)`.execute(db);
  },
  async down(db: Kysely<unknown>): Promise<void> {
    await run(db, [
      sql`drop schema ${sql.raw(QUEUE_SCHEMA)} cascade`,
      sql`drop table batch_result, batch_chunk, batch`,
    ]);
  },
};
