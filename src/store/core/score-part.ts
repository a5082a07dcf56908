import { type Kysely, sql } from 'kysely';
import type { ScoreCell, ScoreFilter, ScorePart } from '../../ledger/scores.ts';
import type { LedgerPlace } from '../../ledger/types.ts';
import type { Tables } from './tables.ts';

/**
 * Counts the newest rows of a period before a place. Where they end is found in an index alone; they are read
 * and grouped by the database, which hands over a few hundred cells in place of the rows.
 */
export async function scorePart(
  db: Kysely<Tables>,
  { since, until, appid }: ScoreFilter,
  before: LedgerPlace | null,
  limit: number,
): Promise<ScorePart> {
  let rows = db.selectFrom('ledger');
  if (appid !== undefined) rows = rows.where('appid', '=', appid);
  // Of two bounds on one side SQLite may go by the wrong one, and read what was read before.
  rows =
    before === null
      ? rows.where('at', '<', until.getTime())
      : rows
          .where(sql<boolean>`(at, id) < (${before.at.getTime()}, ${before.id})`)
          .where('at', '<=', before.at.getTime());
  const end = await rows
    .select(['at', 'id'])
    .where('at', '>=', since.getTime())
    .orderBy('at', 'desc')
    .orderBy('id', 'desc')
    .offset(limit - 1)
    .limit(1)
    .executeTakeFirst();
  const part =
    end === undefined
      ? rows.where('at', '>=', since.getTime())
      : // The bound by time alone says the same: by it PostgreSQL knows that these are a few thousand rows.
        rows.where(sql<boolean>`(at, id) >= (${end.at}, ${end.id})`).where('at', '>=', end.at);
  const groups = await part
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .select('verdict')
    .select([roundedUp.as('score'), halfHundredths.as('probability')])
    .select(sql<number>`coalesce(review, 0)`.as('review'))
    .groupBy(['verdict', roundedUp, halfHundredths, sql`coalesce(review, 0)`])
    .execute();
  const cells = groups.flatMap(({ verdict, score, probability, review, count }): ScoreCell[] =>
    score === null || !isScored(verdict)
      ? []
      : [{ verdict, score: Number(score), probability, review: review === 1, count: Number(count) }],
  );
  return {
    cells,
    rows: groups.reduce((sum, { count }) => sum + Number(count), 0),
    next: end === undefined ? null : { at: new Date(end.at), id: end.id },
  };
}

const isScored = (verdict: string | null): verdict is ScoreCell['verdict'] =>
  verdict === 'live' || verdict === 'attack' || verdict === 'poor_quality';

/** Whole numbers of hundredths first: what has two digits behind the point is rounded up exactly. */
const roundedUp = sql<
  number | null
>`case when raw_score is null then null else (cast(round(raw_score * 100) as integer) + 99) / 100 end`;

const halfHundredths = sql<number | null>`case when live_probability is null then null
  when cast(round(live_probability * 10000) as integer) % 100 = 0 then cast(round(live_probability * 10000) as integer) / 50
  else cast(round(live_probability * 10000) as integer) / 100 * 2 + 1 end`;
