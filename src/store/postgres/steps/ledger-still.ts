import { type Kysely, sql } from 'kysely';
import { run, type Step } from './step.ts';

/**
 * The pictures of decisions on several stills, by their SHA-256: such a row's own hash is one over all of
 * them. Kept by the server itself, so that it never differs from the rows it is made of, whichever version
 * writes them; rows with one picture cost nothing. They go with their row.
 */
export const LEDGER_STILL: Step = {
  kind: 'expand',
  async up(db: Kysely<unknown>): Promise<void> {
    await run(db, [
      sql`create table ledger_still (sha256 bytea not null, row_id bigint not null)`,
      // Found as text: a cast to jsonb fails for some texts that JSON allows, and a row must not fail for
      // that; a quotation mark inside of a text has a backslash. Divided first: one pattern for all is far
      // slower.
      sql`create function livestill_ledger_still() returns trigger language plpgsql as $$ begin
        insert into ledger_still
          select distinct decode(left(part, 64), 'hex'), new.id
          from unnest(string_to_array(new.quality, '"sha256":"')) as part where part ~ '^[0-9a-f]{64}"';
        return null;
      end $$`,
      // The lock of the trigger keeps others from adding rows until all that are there are in the table.
      sql`create trigger ledger_still_added after insert on ledger
        for each row when (position('"stills":' in new.quality) > 0) execute function livestill_ledger_still()`,
      sql`insert into ledger_still
        select distinct decode(left(part, 64), 'hex'), ledger.id
        from ledger, unnest(string_to_array(ledger.quality, '"sha256":"')) as part
        where position('"stills":' in ledger.quality) > 0 and part ~ '^[0-9a-f]{64}"'`,
      // Behind the rows: checked and sorted at once, that takes a fraction of the time.
      sql`alter table ledger_still add primary key (sha256, row_id)`,
      sql`create index ledger_still_by_row on ledger_still (row_id)`,
      sql`alter table ledger_still add foreign key (row_id) references ledger (id) on delete cascade`,
    ]);
  },
  async down(db: Kysely<unknown>): Promise<void> {
    await run(db, [
      sql`drop trigger ledger_still_added on ledger`,
      sql`drop function livestill_ledger_still`,
      sql`drop table ledger_still`,
    ]);
  },
};
