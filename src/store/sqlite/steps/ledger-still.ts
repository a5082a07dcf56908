import { type Kysely, type Migration, sql } from 'kysely';

/**
 * The pictures of decisions on several stills, by their SHA-256: such a row's own hash is one over all of
 * them. Kept by SQLite itself, so that it never differs from the rows it is made of; rows with one picture
 * cost nothing. They go with their row.
 */
export const LEDGER_STILL: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    const statements = [
      sql`create table ledger_still (
        sha256 blob not null,
        row_id integer not null references ledger (id) on delete cascade,
        primary key (sha256, row_id)) without rowid`,
      // In order: the rows are put one behind the other.
      sql`insert into ledger_still
        select distinct unhex(json_extract(still.value, '$.sha256')) as sha256, ledger.id as row_id
        from ledger, json_each(ledger.quality, '$.stills') as still
        where instr(ledger.quality, '"stills":') > 0 and unhex(json_extract(still.value, '$.sha256')) is not null
        order by 1, 2`,
      sql`create index ledger_still_by_row on ledger_still (row_id)`,
      sql`create trigger ledger_still_added after insert on ledger when instr(new.quality, '"stills":') > 0 begin
        insert into ledger_still
          select distinct unhex(json_extract(still.value, '$.sha256')), new.id
          from json_each(new.quality, '$.stills') as still
          where unhex(json_extract(still.value, '$.sha256')) is not null;
      end`,
    ];
    for (const statement of statements) await statement.execute(db);
  },
  async down(db: Kysely<unknown>): Promise<void> {
    await sql`drop trigger ledger_still_added`.execute(db);
    await db.schema.dropTable('ledger_still').execute();
  },
};
