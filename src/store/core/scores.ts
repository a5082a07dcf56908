import { type ExpressionBuilder, sql, type Transaction } from 'kysely';
import { SCORE_BINS, type ScoreStore, sumOf } from '../../ledger/score-drift.ts';
import type { StoreDatabase } from './database.ts';
import { SCORE_COLUMNS, type ScoreColumn, type Tables } from './tables.ts';
import { daysBefore } from './usage.ts';

/** Days that are kept: those of the past that scores are compared with, and a few more. */
const DAYS_KEPT = 35;
/** Rows that are read or written at once. */
const AT_ONCE = 100;

type Sums = Record<ScoreColumn, number>;

/** How many scores of each app fell into which bin, by day, over all nodes. */
export function createScores(database: StoreDatabase): ScoreStore {
  return {
    async addScores(counts) {
      for (let at = 0; at < counts.length; at += AT_ONCE) {
        const rows = counts
          .slice(at, at + AT_ONCE)
          // In one order on every node, so that two of them cannot wait for each other.
          .sort((a, b) => (a.appid + a.day < b.appid + b.day ? -1 : 1))
          .map(({ appid, day, bins }) => ({ appid, day, total: sumOf(bins), ...binsOf(bins) }));
        await database.write('state_unavailable', (db) =>
          db
            .insertInto('score_day')
            .values(rows)
            .onConflict((conflict) => conflict.columns(['appid', 'day']).doUpdateSet(added))
            .execute(),
        );
      }
    },
    scoreWindows: ({ current, reference, leastCurrent, most }) =>
      database.read('state_unavailable', async (db) => {
        const summed = (eb: ExpressionBuilder<Tables, 'score_day'>) =>
          SCORE_COLUMNS.map((name) => sql<number>`cast(sum(${eb.ref(name)}) as bigint)`.as(name));
        const total = sql<number>`sum(total)`;
        const now = await db
          .selectFrom('score_day')
          .select('appid')
          .select(summed)
          .where('day', '>=', current[0])
          .where('day', '<=', current[1])
          .groupBy('appid')
          .having(total, '>=', leastCurrent)
          .orderBy(total, 'desc')
          .orderBy('appid')
          .limit(most)
          .execute();
        if (now.length === 0) return [];
        const apps = now.map(({ appid }) => appid);
        const before = await db
          .selectFrom('score_day')
          .select('appid')
          .select(summed)
          .where('appid', 'in', apps)
          .where('day', '>=', reference[0])
          .where('day', '<=', reference[1])
          .groupBy('appid')
          .execute();
        const past = new Map(before.map((row) => [row.appid, listOf(row)]));
        const none = new Array<number>(SCORE_BINS).fill(0);
        return now.map((row) => ({
          appid: row.appid,
          current: listOf(row),
          reference: past.get(row.appid) ?? none,
        }));
      }),
  };
}

/** Deletes the counts of days that are over; how many rows. */
export async function dropScores(db: Transaction<Tables>, now: number, limit: number): Promise<number> {
  const before = daysBefore(new Date(now).toISOString().slice(0, 10), DAYS_KEPT);
  const { numAffectedRows } = await sql`delete from score_day where (appid, day) in
    (select appid, day from score_day where day < ${before} limit ${limit})`.execute(db);
  return Number(numAffectedRows ?? 0);
}

/** What is there and what is new, together. */
function added(eb: ExpressionBuilder<Tables & { excluded: Tables['score_day'] }, 'score_day' | 'excluded'>) {
  const sums = (['total', ...SCORE_COLUMNS] as const).map(
    (name) => [name, eb(`score_day.${name}`, '+', eb.ref(`excluded.${name}`))] as const,
  );
  return Object.fromEntries(sums);
}

const binsOf = (bins: readonly number[]): Sums =>
  Object.fromEntries(SCORE_COLUMNS.map((name, bin) => [name, bins[bin] ?? 0])) as Sums;

const listOf = (row: Sums): readonly number[] => SCORE_COLUMNS.map((name) => Number(row[name]));
