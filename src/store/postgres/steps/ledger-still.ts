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
      sql`create table ledger_still (
        row_id bigint not null references ledger (id) on delete cascade,
        sha256 text collate "C" not null,
        primary key (row_id, sha256))`,
      // Found as text: a cast to jsonb fails for some texts that JSON allows, and a row must not fail for that.
      sql`create function livestill_ledger_still() returns trigger language plpgsql as $$ begin
        insert into ledger_still
          select distinct new.id, still[1]
          from regexp_matches(new.quality, '"sha256":"([0-9a-f]{64})"', 'g') as still;
        return null;
      end $$`,
      // The lock of the trigger keeps others from adding rows until all that are there are in the table.
      sql`create trigger ledger_still_added after insert on ledger
        for each row when (position('"stills":' in new.quality) > 0) execute function livestill_ledger_still()`,
      sql`insert into ledger_still
        select distinct ledger.id, still[1]
        from ledger, regexp_matches(ledger.quality, '"sha256":"([0-9a-f]{64})"', 'g') as still
        where position('"stills":' in ledger.quality) > 0`,
      sql`create index ledger_still_by_picture on ledger_still (sha256, row_id)`,
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
