import { type Kysely, sql } from 'kysely';
import { SCORE_COLUMNS } from '../../core/tables.ts';
import { run, type Step } from './step.ts';

/** How many scores of each app fell into which bin, by day. */
export const SCORES: Step = {
  kind: 'expand',
  async up(db: Kysely<unknown>): Promise<void> {
    const bins = sql.join(SCORE_COLUMNS.map((name) => sql`${sql.ref(name)} bigint not null`));
    await run(db, [
      sql`create table score_day (
        appid text collate "C" not null,
        day text collate "C" not null,
        total bigint not null,
        ${bins},
        primary key (appid, day))`,
      sql`create index score_day_by_day on score_day (day)`,
    ]);
  },
  async down(db: Kysely<unknown>): Promise<void> {
    await run(db, [sql`drop table score_day`]);
  },
};
