import { type Kysely, sql } from 'kysely';
import { run, type Step } from './step.ts';

/**
 * Marks of decisions for review; the ledger itself is only added to. A mark goes with its row. The index over
 * decisions for review by app costs nothing for all others.
 */
export const REVIEW_MARKS: Step = {
  kind: 'expand',
  async up(db: Kysely<unknown>): Promise<void> {
    await run(db, [
      sql`create table review_mark (
        row_id bigint primary key references ledger (id) on delete cascade,
        at bigint not null,
        appid text collate "C" not null,
        mark text check (mark in ('right', 'wrong')),
        note text not null,
        version integer not null,
        marked_at bigint not null,
        marked_by text not null)`,
      sql`create index review_mark_by_time on review_mark (at, row_id) where mark is not null`,
      sql`create index review_mark_by_app on review_mark (appid, at, row_id) where mark is not null`,
      sql`create index ledger_for_review_by_app on ledger (appid, at, id) where review = 1`,
    ]);
  },
  async down(db: Kysely<unknown>): Promise<void> {
    await run(db, [sql`drop index ledger_for_review_by_app`, sql`drop table review_mark`]);
  },
};
