import { type Kysely, type Migration, sql } from 'kysely';
import { SCORE_COLUMNS } from '../../core/tables.ts';

/** How many scores of each app fell into which bin, by day. */
export const SCORES: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    let table = db.schema
      .createTable('score_day')
      .addColumn('appid', 'text', (c) => c.notNull())
      .addColumn('day', 'text', (c) => c.notNull())
      .addColumn('total', 'integer', (c) => c.notNull());
    for (const name of SCORE_COLUMNS) table = table.addColumn(name, 'integer', (c) => c.notNull());
    await table
      .addPrimaryKeyConstraint('score_day_pk', ['appid', 'day'])
      .modifyEnd(sql`without rowid`)
      .execute();
    await db.schema.createIndex('score_day_by_day').on('score_day').column('day').execute();
  },
  async down(db: Kysely<unknown>): Promise<void> {
    await db.schema.dropTable('score_day').execute();
  },
};
