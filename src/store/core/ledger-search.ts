import { type Kysely, type SelectQueryBuilder, sql } from 'kysely';
import type { FoundPage, LedgerSearch } from '../../ledger/search.ts';
import type { LedgerPlace } from '../../ledger/types.ts';
import { fromColumns, type JoinedRow } from './ledger-columns.ts';
import { type LedgerRows, rowsOfPicture } from './picture-rows.ts';
import type { Tables } from './tables.ts';

/** Rows that one call looks at: what an index cannot narrow is looked for among so many, and no more. */
const WINDOW = 20_000;

/**
 * The newest rows that match, a page at a time. Period, app, request, picture, reference and review are found
 * by an index; the rest is looked for among the next 20 000 rows that remain. A page may hold fewer rows than
 * asked for, or none, and still have a next one.
 */
export async function searchLedger(
  db: Kysely<Tables>,
  filter: LedgerSearch,
  before: LedgerPlace | null,
  limit: number,
): Promise<FoundPage> {
  const wanted = Math.min(200, Math.max(1, Math.floor(limit)));
  const isNarrow = needsLooking(filter);
  const most = isNarrow ? WINDOW : wanted;
  const window = narrowed(db, filter, before)
    .select(['ledger.at', 'ledger.id'])
    .select(['ledger.verdict', 'ledger.kind', 'ledger.reasons', 'ledger.raw_score'])
    .orderBy('ledger.at', 'desc')
    .orderBy('ledger.id', 'desc')
    .limit(most);
  const matching = db
    .selectFrom(window.as('looked'))
    .select(['looked.at', 'looked.id'])
    .where(lookedFor(filter))
    .orderBy('looked.at', 'desc')
    .orderBy('looked.id', 'desc')
    .limit(wanted);
  const rows = (await db
    .selectFrom(matching.as('found'))
    .innerJoin('ledger', 'ledger.id', 'found.id')
    .innerJoin('model_set', 'model_set.id', 'ledger.model_set_id')
    .leftJoin('policy_version', 'policy_version.id', 'ledger.policy_version_id')
    .selectAll('ledger')
    .select([
      'model_set.models',
      'policy_version.hash as policy_hash',
      'policy_version.content as policy_content',
    ])
    .orderBy('found.at', 'desc')
    .orderBy('found.id', 'desc')
    .execute()) as unknown as readonly JoinedRow[];
  const found = rows.map(fromColumns);
  const last = found.at(-1);
  if (found.length === wanted && last !== undefined) {
    return { rows: found, next: { at: last.at, id: last.id } };
  }
  if (!isNarrow) return { rows: found, next: null };
  return { rows: found, next: await endOf(db, window, most) };
}

/** Where a window ends that was filled to its limit; null: there are no rows behind it. */
async function endOf(
  db: Kysely<Tables>,
  window: SelectQueryBuilder<Tables, 'ledger', Pick<JoinedRow, 'at' | 'id'>>,
  most: number,
): Promise<LedgerPlace | null> {
  const rows = db.selectFrom(window.as('found'));
  const { count } = await rows.select((eb) => eb.fn.countAll<number>().as('count')).executeTakeFirstOrThrow();
  if (Number(count) < most) return null;
  const end = await rows
    .select(['found.at', 'found.id'])
    .orderBy('found.at')
    .orderBy('found.id')
    .limit(1)
    .executeTakeFirstOrThrow();
  return { at: new Date(end.at), id: end.id };
}

/** What an index finds. */
function narrowed(db: Kysely<Tables>, filter: LedgerSearch, before: LedgerPlace | null): LedgerRows {
  let query = rowsOfPicture(db, filter.pictureSha256);
  if (filter.since !== undefined) query = query.where('ledger.at', '>=', filter.since.getTime());
  if (before !== null) {
    query = query.where(sql<boolean>`(ledger.at, ledger.id) < (${before.at.getTime()}, ${before.id})`);
  } else if (filter.until !== undefined) {
    query = query.where('ledger.at', '<', filter.until.getTime());
  }
  if (filter.appid !== undefined) query = query.where('ledger.appid', '=', filter.appid);
  if (filter.requestId !== undefined) query = query.where('ledger.request_id', '=', filter.requestId);
  if (filter.reference !== undefined) query = query.where('ledger.reference', '=', filter.reference);
  // Written out: an index over the reviewed rows alone is used only where the statement says so itself.
  if (filter.review === true) query = query.where(sql<boolean>`ledger.review = 1`);
  return query;
}

function needsLooking({ verdict, reason, minScore, maxScore, kind }: LedgerSearch): boolean {
  return [verdict, reason, minScore, maxScore, kind].some((value) => value !== undefined);
}

/** What is looked for row by row. */
function lookedFor({ verdict, reason, minScore, maxScore, kind }: LedgerSearch) {
  const parts = [sql<boolean>`1 = 1`];
  if (verdict !== undefined) parts.push(sql<boolean>`looked.verdict = ${verdict}`);
  // Codes are letters, digits and underscores, and none of them is a pattern's here.
  if (reason !== undefined)
    parts.push(sql<boolean>`looked.reasons like ${`%"${escaped(reason)}"%`} escape '!'`);
  if (minScore !== undefined) parts.push(sql<boolean>`looked.raw_score >= ${minScore}`);
  if (maxScore !== undefined) parts.push(sql<boolean>`looked.raw_score <= ${maxScore}`);
  if (kind !== undefined) parts.push(sql<boolean>`coalesce(looked.kind, 'judged') = ${kind}`);
  return sql<boolean>`${sql.join(parts, sql` and `)}`;
}

const escaped = (text: string): string => text.replace(/[!%_]/g, '!$&');
