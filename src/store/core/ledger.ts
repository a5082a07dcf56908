import { type Kysely, sql, type Transaction } from 'kysely';
import type { ChainName } from '../../ledger/checkpoint.ts';
import type { ReadScores } from '../../ledger/scores.ts';
import type { ActivityFilter, ActivityRow, LedgerOverview } from '../../ledger/search.ts';
import type { LedgerFilter, LedgerPlace, LedgerRow, StoredLedgerRow } from '../../ledger/types.ts';
import { activityRows } from './activity.ts';
import { baseOf, ledgerChains, SPAN } from './chain/names.ts';
import { type FindEnd, takePlace } from './chain/place.ts';
import type { StoreDatabase } from './database.ts';
import {
  type Columns,
  chainedValues,
  formOf,
  fromColumns,
  modelsText,
  sortedJson,
  toColumns,
} from './ledger-columns.ts';
import { searchLedger } from './ledger-search.ts';
import { type LedgerRows, rowsOfPicture } from './picture-rows.ts';
import { prepared } from './prepared.ts';
import { scorePart } from './score-part.ts';
import type { Tables } from './tables.ts';

/** As `LedgerFilter`; `upTo` leaves out what was written after these rows, the newest of each chain. */
export interface PageFilter extends LedgerFilter {
  readonly upTo?: readonly number[];
}

/** The ledger's calls, each with a bounded answer. */
export interface LedgerCalls extends Pick<LedgerOverview, 'search'> {
  activityRows(
    filter: ActivityFilter,
    before: LedgerPlace | null,
    limit: number,
  ): Promise<readonly ActivityRow[]>;
  readonly scorePart: ReadScores;
  append(row: LedgerRow): Promise<void>;
  page(filter: PageFilter, after: LedgerPlace | null, limit: number): Promise<readonly StoredLedgerRow[]>;
  latest(filter: LedgerFilter, limit: number): Promise<readonly StoredLedgerRow[]>;
  count(filter: LedgerFilter): Promise<number>;
  /** The newest row of each chain; none in an empty ledger. */
  newestRows(): Promise<readonly number[]>;
}

const addModels = prepared<{ readonly models: string }>((db, { models }) =>
  db
    .insertInto('model_set')
    .values({ models })
    .onConflict((conflict) => conflict.doNothing()),
);

const addPolicy = prepared<{ readonly hash: string; readonly content: string; readonly first_at: number }>(
  (db, { hash, content, first_at }) =>
    db
      .insertInto('policy_version')
      .values({ hash, content, first_at })
      .onConflict((conflict) => conflict.doNothing()),
);

interface NewRow extends Columns {
  readonly id: number;
  readonly salt: string;
  readonly hash: string;
  readonly models: string;
  readonly policy: string | null;
}

const addRow = prepared<NewRow>((db, row) =>
  db.insertInto('ledger').values({
    id: row.id,
    at: row.at,
    request_id: row.request_id,
    appid: row.appid,
    secret_id: row.secret_id,
    source: row.source,
    picture_bytes: row.picture_bytes,
    picture_sha256: row.picture_sha256,
    code: row.code,
    verdict: row.verdict,
    score: row.score,
    raw_score: row.raw_score,
    reasons: row.reasons,
    milliseconds: row.milliseconds,
    caller_address: row.caller_address,
    kind: row.kind,
    requests: row.requests,
    api: row.api,
    http: row.http,
    version: row.version,
    profile: row.profile,
    threshold: row.threshold,
    live_probability: row.live_probability,
    face_count: row.face_count,
    quality: row.quality,
    reference: row.reference,
    review: row.review,
    salt: row.salt,
    hash: row.hash,
    model_set_id: db.selectFrom('model_set').select('id').where('models', '=', row.models),
    policy_version_id: db.selectFrom('policy_version').select('id').where('hash', '=', row.policy),
  }),
);

/** Where this store's decisions go: the name of its chain, and how its end is found. */
export interface OwnChain {
  /** @throws {Fault} `state_unavailable` where this store has no chain of its own */
  name(): ChainName;
  readonly findEnd: FindEnd;
}

/**
 * Adds a decision to this store's chain, in a transaction that may change more: of two that come at the same
 * moment one waits until the other's is over.
 */
export async function appendTo(db: Transaction<Tables>, own: OwnChain, row: LedgerRow): Promise<void> {
  const models = modelsText(row);
  const columns = toColumns(row);
  const policy = row.explanation?.policy ?? null;
  const added = addedIn(db);
  if (!added.has(models)) await addModels(db, { models });
  added.add(models);
  if (policy !== null && !added.has(policy.hash)) {
    const content = sortedJson(policy.content);
    await addPolicy(db, { hash: policy.hash, content, first_at: Date.now() });
    added.add(policy.hash);
  }
  const hash = policy?.hash ?? null;
  const place = await takePlace(
    db,
    own.findEnd,
    own.name(),
    (id) => chainedValues(id, columns, models, hash),
    formOf(columns),
  );
  await addRow(db, { ...columns, ...place, models, policy: hash });
}

/** The ledger of decisions. */
export function createLedger(database: StoreDatabase, own: OwnChain): LedgerCalls {
  return {
    append: (row) => database.append('state_unavailable', (db) => appendTo(db, own, row)),
    page: async (filter, after, limit) => {
      const rows = await database.read('state_unavailable', (db) =>
        pageOf(db, filter, after).orderBy('ledger.at').orderBy('ledger.id').limit(bounded(limit)).execute(),
      );
      return rows.map(fromColumns);
    },
    latest: async (filter, limit) => {
      const rows = await database.read('state_unavailable', (db) =>
        rowsOf(db, filter)
          .orderBy('ledger.at', 'desc')
          .orderBy('ledger.id', 'desc')
          .limit(bounded(limit))
          .execute(),
      );
      return rows.map(fromColumns);
    },
    count: async (filter) => {
      const row = await database.read('state_unavailable', (db) =>
        filtered(db, filter)
          .select((eb) => eb.fn.countAll<number>().as('count'))
          .executeTakeFirstOrThrow(),
      );
      return row.count;
    },
    newestRows: () => database.read('state_unavailable', newestRows),
    search: (filter, before, limit) =>
      database.read('state_unavailable', (db) => searchLedger(db, filter, before, limit)),
    activityRows: (filter, before, limit) =>
      database.read('state_unavailable', (db) => activityRows(db, filter, before, limit)),
    scorePart: (filter, before, limit) =>
      database.read('state_unavailable', (db) => scorePart(db, filter, before, limit)),
  };
}

/**
 * Sets of models and policies that a transaction has seen to: the decisions that share it mostly share them
 * too.
 */
function addedIn(db: Transaction<Tables>): Set<string> {
  const known = seenTo.get(db) ?? new Set<string>();
  seenTo.set(db, known);
  return known;
}

const seenTo = new WeakMap<Transaction<Tables>, Set<string>>();

/** Rows of versions without a chain count in the numbers of the first one, and stand in no head. */
async function newestRows(db: Kysely<Tables>): Promise<readonly number[]> {
  const first = await db
    .selectFrom('ledger')
    .select((eb) => eb.fn.max('id').as('id'))
    .where('id', '<=', SPAN)
    .executeTakeFirst();
  const others = (await ledgerChains(db)).filter(({ base }) => base > 0);
  return [...(first?.id ? [first.id] : []), ...others.map(({ end }) => end)];
}

function filtered(db: Kysely<Tables>, filter: LedgerFilter): LedgerRows {
  let query = rowsOfPicture(db, filter.pictureSha256);
  if (filter.since !== undefined) query = query.where('ledger.at', '>=', filter.since.getTime());
  if (filter.until !== undefined) query = query.where('ledger.at', '<', filter.until.getTime());
  if (filter.appid !== undefined) query = query.where('ledger.appid', '=', filter.appid);
  if (filter.requestId !== undefined) query = query.where('ledger.request_id', '=', filter.requestId);
  if (filter.reference !== undefined) query = query.where('ledger.reference', '=', filter.reference);
  // Rows of versions without kinds were all judged.
  if (filter.kind === 'judged') query = query.where(sql<boolean>`coalesce(ledger.kind, 'judged') = 'judged'`);
  else if (filter.kind !== undefined) query = query.where('ledger.kind', '=', filter.kind);
  if (filter.verdict !== undefined) query = query.where('ledger.verdict', '=', filter.verdict);
  return query;
}

/** A number of rows to read at once, 1 to 1000. */
export const bounded = (limit: number): number => Math.min(1000, Math.max(1, Math.floor(limit)));

/** The matching rows, each with its set of models and its policy. */
export function rowsOf(db: Kysely<Tables>, filter: LedgerFilter) {
  return filtered(db, filter)
    .innerJoin('model_set', 'model_set.id', 'ledger.model_set_id')
    .leftJoin('policy_version', 'policy_version.id', 'ledger.policy_version_id')
    .selectAll('ledger')
    .select([
      'model_set.models',
      'policy_version.hash as policy_hash',
      'policy_version.content as policy_content',
    ]);
}

/**
 * The rows behind a place. Time comes before number in the order, as it does in the indexes by time and by
 * app: a page is read from there on, and rows in front of it, behind it or of other apps cost nothing.
 */
function pageOf(db: Kysely<Tables>, { upTo, ...filter }: PageFilter, after: LedgerPlace | null) {
  // Of two lower bounds SQLite may go by the wrong one, and read what was read before.
  const isBehindSince = after !== null && !(filter.since !== undefined && filter.since > after.at);
  let query = rowsOf(db, isBehindSince ? { ...filter, since: undefined } : filter);
  if (isBehindSince) {
    query = query.where(sql<boolean>`(ledger.at, ledger.id) > (${after.at.getTime()}, ${after.id})`);
  }
  return upTo === undefined ? query : query.where(writtenUpTo(upTo));
}

/** The plus keeps SQLite from going through the rows by number. */
function writtenUpTo(newest: readonly number[]) {
  const parts = newest.map((id) => sql`(+ledger.id > ${baseOf(id)} and +ledger.id <= ${id})`);
  return parts.length === 0 ? sql<boolean>`1 = 0` : sql<boolean>`(${sql.join(parts, sql` or `)})`;
}
