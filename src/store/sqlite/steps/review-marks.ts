import { type Kysely, type Migration, sql } from 'kysely';

/**
 * Marks of decisions for review; the ledger itself is only added to. A mark goes with its row. The index over
 * decisions for review by app costs nothing for all others.
 */
export const REVIEW_MARKS: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    const statements = [
      sql`create table review_mark (
        row_id integer primary key references ledger (id) on delete cascade,
        at integer not null, appid text not null, mark text check (mark in ('right', 'wrong')),
        note text not null, version integer not null, marked_at integer not null, marked_by text not null)`,
      sql`create index review_mark_by_time on review_mark (at, row_id) where mark is not null`,
      sql`create index review_mark_by_app on review_mark (appid, at, row_id) where mark is not null`,
      sql`create index ledger_for_review_by_app on ledger (appid, at, id) where review = 1`,
    ];
    for (const statement of statements) await statement.execute(db);
  },
  async down(db: Kysely<unknown>): Promise<void> {
    await db.schema.dropIndex('ledger_for_review_by_app').execute();
    await db.schema.dropTable('review_mark').execute();
  },
};
