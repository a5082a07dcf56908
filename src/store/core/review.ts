import { type Kysely, sql, type Transaction } from 'kysely';
import type {
  Mark,
  NewMark,
  ReviewAdmin,
  ReviewFilter,
  ReviewItem,
  ReviewMark,
  ReviewPage,
  ReviewStore,
} from '../../console/review.ts';
import { UsageError } from '../../faults.ts';
import type { LedgerPlace } from '../../ledger/types.ts';
import type { NoteChange } from './admin-log.ts';
import type { StoreDatabase } from './database.ts';
import { rowsOf } from './ledger.ts';
import { fromColumns, type JoinedRow } from './ledger-columns.ts';
import type { ReviewMarkTable, Tables } from './tables.ts';

/** Rows of an index that one call goes through in search of a state, and no more. */
const WINDOW = 20_000;

/** Marks are set one after the other: each looks at what stands there first. */
const MARKING_LOCK = 'review-marks';

/** Reads decisions for review and their marks. */
export function createReviewReads(database: StoreDatabase): ReviewStore {
  return {
    reviewPage: (filter, before, limit) =>
      database.read('state_unavailable', (db) =>
        reviewPage(db, filter, before, Math.min(500, Math.max(1, Math.floor(limit)))),
      ),
  };
}

/** Sets marks. */
export function createReviewAdmin(database: StoreDatabase, note: NoteChange): ReviewAdmin {
  return {
    markDecision: (requestId, mark) =>
      database.write('state_unavailable', (db) => markDecision(db, note, requestId, mark), MARKING_LOCK),
  };
}

interface Place {
  readonly at: number;
  readonly id: number;
}

/**
 * Open and all decisions are found in the indexes over those for review, marked ones in those over the marks;
 * an app and a period narrow in the index too.
 */
async function reviewPage(
  db: Kysely<Tables>,
  filter: ReviewFilter,
  before: LedgerPlace | null,
  limit: number,
): Promise<ReviewPage> {
  const { state } = filter;
  const isFromMarks = state !== 'open' && state !== 'all';
  const most = state === 'open' || state === 'right' || state === 'wrong' ? WINDOW : limit;
  const window = isFromMarks ? markedWindow(filter, before, most) : reviewWindow(filter, before, most);
  // Looked up for each row until the page is full: for a join PostgreSQL would read all marks first.
  const mark = sql`(select mark from review_mark where row_id = looked.id)`;
  const marked =
    state === 'open' ? sql`${mark} is null` : most === WINDOW ? sql`${mark} = ${state}` : sql`1 = 1`;
  const { rows: places } = await sql<Place>`select looked.at as at, looked.id as id from (${window}) as looked
    where ${marked} order by looked.at desc, looked.id desc limit ${limit}`.execute(db);
  const items = await itemsOf(db, places);
  const last = places.at(-1);
  if (places.length === limit && last !== undefined) return { items, next: placeOf(last) };
  if (most === limit) return { items, next: null };
  return { items, next: await endOf(db, window, most) };
}

const placeOf = ({ at, id }: Place): LedgerPlace => ({ at: new Date(at), id });

/** Where a window ends that was filled to its limit; null: there is nothing behind it. */
async function endOf(db: Kysely<Tables>, window: Window, most: number): Promise<LedgerPlace | null> {
  const { rows } =
    await sql<Place>`select at, id from (${window}) as looked order by at desc, id desc limit 1 offset ${most - 1}`.execute(
      db,
    );
  const [end] = rows;
  return end === undefined ? null : placeOf(end);
}

type Window = ReturnType<typeof sql<Place>>;

/** Written out: an index over a part of the rows is used only where the statement itself names the part. */
function reviewWindow(filter: ReviewFilter, before: LedgerPlace | null, most: number): Window {
  return sql<Place>`select at, id from ledger where review = 1 and ${narrowed(filter, before, sql.ref('id'))}
    order by at desc, id desc limit ${most}`;
}

function markedWindow(filter: ReviewFilter, before: LedgerPlace | null, most: number): Window {
  return sql<Place>`select at, row_id as id from review_mark
    where mark is not null and ${narrowed(filter, before, sql.ref('row_id'))}
    order by at desc, row_id desc limit ${most}`;
}

function narrowed(
  { appid, since, until }: ReviewFilter,
  before: LedgerPlace | null,
  id: ReturnType<typeof sql.ref>,
) {
  const parts = [sql`1 = 1`];
  if (appid !== undefined) parts.push(sql`appid = ${appid}`);
  if (since !== undefined) parts.push(sql`at >= ${since.getTime()}`);
  // Of two upper bounds SQLite may go by the wrong one, and read what was read before.
  if (before !== null) parts.push(sql`(at, ${id}) < (${before.at.getTime()}, ${before.id})`);
  else if (until !== undefined) parts.push(sql`at < ${until.getTime()}`);
  return sql.join(parts, sql` and `);
}

/** The rows at some places, in their order, with their marks. */
async function itemsOf(db: Kysely<Tables>, places: readonly Place[]): Promise<readonly ReviewItem[]> {
  if (places.length === 0) return [];
  const ids = places.map(({ id }) => id);
  const rows = (await rowsOf(db, {}).where('ledger.id', 'in', ids).execute()) as readonly JoinedRow[];
  const marks = await db.selectFrom('review_mark').selectAll().where('row_id', 'in', ids).execute();
  return ids.flatMap((id) => {
    const row = rows.find((one) => one.id === id);
    if (row === undefined) return [];
    return [{ row: fromColumns(row), mark: toMark(marks.find(({ row_id }) => row_id === id)) }];
  });
}

function toMark(row: ReviewMarkTable | undefined): ReviewMark | null {
  if (row === undefined) return null;
  const { mark, note, version, marked_at, marked_by } = row;
  return { mark: mark as Mark | null, note, version, at: new Date(marked_at), by: marked_by };
}

async function markDecision(
  db: Transaction<Tables>,
  note: NoteChange,
  requestId: string,
  { row, ifVersion, ...wanted }: NewMark,
): Promise<ReviewItem> {
  const place = await findDecision(db, requestId, row);
  const found = await db
    .selectFrom('review_mark')
    .selectAll()
    .where('row_id', '=', place.id)
    .executeTakeFirst();
  const before = toMark(found);
  if (ifVersion !== null && ifVersion !== (before?.version ?? 0))
    throw new UsageError(
      'changed_meanwhile',
      `${before?.by ?? 'somebody'} marked this decision in the meantime`,
    );
  if (before?.mark !== wanted.mark || before.note !== wanted.note) {
    const values = {
      mark: wanted.mark,
      note: wanted.note,
      version: (before?.version ?? 0) + 1,
      marked_at: Date.now(),
      marked_by: wanted.by,
    };
    await db
      .insertInto('review_mark')
      .values({ row_id: place.id, at: place.at, appid: place.appid, ...values })
      .onConflict((conflict) => conflict.column('row_id').doUpdateSet(values))
      .execute();
    await note(db, {
      action: 'review.mark',
      target: requestId,
      before: before === null ? null : loggedMark(before),
      after: loggedMark(wanted),
    });
  }
  const [item] = await itemsOf(db, [place]);
  return item;
}

/** A note may name a person, and the log outlives the erasure of the decision: it says that there is one. */
const loggedMark = ({ mark, note }: { readonly mark: Mark | null; readonly note: string }) => ({
  mark,
  note: note === '' ? 'none' : `${note.length} characters`,
});

/** @throws {UsageError} `decision_unknown` */
async function findDecision(
  db: Transaction<Tables>,
  requestId: string,
  row: number | null,
): Promise<Place & { readonly appid: string }> {
  let query = db
    .selectFrom('ledger')
    .select(['id', 'at', 'appid'])
    .where('request_id', '=', requestId)
    .where('review', '=', 1);
  if (row !== null) query = query.where('id', '=', row);
  const found = await query.orderBy('id', 'desc').limit(1).executeTakeFirst();
  if (found === undefined)
    throw new UsageError('decision_unknown', 'no decision for review with this request id is kept');
  return found;
}
