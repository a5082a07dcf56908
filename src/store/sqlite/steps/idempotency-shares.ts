import { type Kysely, type Migration, sql } from 'kysely';
import { ROW_OVERHEAD } from '../../core/idempotency-bounds.ts';

/**
 * Idempotency answers know when they were made and how large they are, and every app's share of them is
 * counted. The counts are kept by SQLite itself, so that they hold whoever writes, and reading one costs the
 * same however many answers there are.
 */
export const SHARES: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .alterTable('idempotency')
      .addColumn('at', 'integer', (c) => c.notNull().defaultTo(0))
      .execute();
    await db.schema
      .alterTable('idempotency')
      .addColumn('bytes', 'integer', (c) => c.notNull().defaultTo(0))
      .execute();
    // Answers were always kept for a day, unanswered requests held for two minutes.
    await sql`update idempotency set
      at = until - case when http is null then 120000 else 86400000 end,
      bytes = ${sql.lit(ROW_OVERHEAD)} + length(key) + length(cast(coalesce(body, '') as blob))`.execute(db);
    await db.schema.createIndex('idempotency_by_app').on('idempotency').columns(['appid', 'at']).execute();
    await db.schema
      .createTable('idempotency_share')
      .addColumn('appid', 'text', (c) => c.primaryKey())
      .addColumn('rows', 'integer', (c) => c.notNull())
      .addColumn('bytes', 'integer', (c) => c.notNull())
      .modifyEnd(sql`without rowid`)
      .execute();
    await db.schema.createIndex('idempotency_share_by_rows').on('idempotency_share').column('rows').execute();
    await db.schema
      .createIndex('idempotency_share_by_bytes')
      .on('idempotency_share')
      .column('bytes')
      .execute();
    await sql`insert into idempotency_share select appid, count(*), sum(bytes) from idempotency group by appid`.execute(
      db,
    );
    await sql`insert into idempotency_share select '', count(*), coalesce(sum(bytes), 0) from idempotency`.execute(
      db,
    );
    await sql`create trigger idempotency_added after insert on idempotency begin
      insert or ignore into idempotency_share values (new.appid, 0, 0);
      update idempotency_share set rows = rows + 1, bytes = bytes + new.bytes where appid in (new.appid, '');
    end`.execute(db);
    await sql`create trigger idempotency_changed after update of bytes on idempotency begin
      update idempotency_share set bytes = bytes + new.bytes - old.bytes where appid in (new.appid, '');
    end`.execute(db);
    await sql`create trigger idempotency_dropped after delete on idempotency begin
      update idempotency_share set rows = rows - 1, bytes = bytes - old.bytes where appid in (old.appid, '');
      delete from idempotency_share where appid = old.appid and rows <= 0;
    end`.execute(db);
  },
};
