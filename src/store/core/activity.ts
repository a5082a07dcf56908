import { type Kysely, sql } from 'kysely';
import type { ActivityFilter, ActivityRow } from '../../ledger/search.ts';
import type { LedgerPlace } from '../../ledger/types.ts';
import type { Tables } from './tables.ts';

/** What is counted of the newest rows of a period before a place. */
export async function activityRows(
  db: Kysely<Tables>,
  { since, until, appid }: ActivityFilter,
  before: LedgerPlace | null,
  limit: number,
): Promise<readonly ActivityRow[]> {
  let query = db
    .selectFrom('ledger')
    .select(['at', 'id', 'verdict', 'code', 'requests', 'raw_score', 'milliseconds'])
    .select(sql<string | null>`case when verdict is null then reasons end`.as('reasons'))
    .where('at', '>=', since.getTime());
  // Of two upper bounds SQLite may go by the wrong one, and read what was read before.
  query =
    before === null
      ? query.where('at', '<', until.getTime())
      : query.where(sql<boolean>`(at, id) < (${before.at.getTime()}, ${before.id})`);
  if (appid !== undefined) query = query.where('appid', '=', appid);
  const rows = await query.orderBy('at', 'desc').orderBy('id', 'desc').limit(limit).execute();
  return rows.map(({ at, id, verdict, code, requests, raw_score, milliseconds, reasons }) => ({
    at,
    id,
    verdict,
    code,
    requests: requests ?? 1,
    rawScore: raw_score,
    milliseconds,
    reason: reasons === null ? null : ((JSON.parse(reasons) as string[])[0] ?? null),
  }));
}
