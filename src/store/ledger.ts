import { type Kysely, type SelectQueryBuilder, sql } from 'kysely';
import type { LedgerFilter, LedgerPlace, LedgerRow, StoredLedgerRow } from '../ledger/types.ts';
import type { Verdict } from '../liveness/types.ts';
import type { StoreDatabase } from './database.ts';
import { prepared } from './prepared.ts';
import type { LedgerTable, Tables } from './tables.ts';

/** As `LedgerFilter`; `upToId` leaves out what was written after that row. */
export interface PageFilter extends LedgerFilter {
  readonly upToId?: number;
}

/** The ledger's calls, each with a bounded answer. */
export interface LedgerRoom {
  append(row: LedgerRow): Promise<void>;
  page(filter: PageFilter, after: LedgerPlace | null, limit: number): Promise<readonly StoredLedgerRow[]>;
  latest(filter: LedgerFilter, limit: number): Promise<readonly StoredLedgerRow[]>;
  count(filter: LedgerFilter): Promise<number>;
  /** The highest id there is; 0 in an empty ledger. */
  lastId(): Promise<number>;
  /** Delete at most `limit` rows older than `before`; how many went. */
  pruneSome(before: Date, limit: number): Promise<number>;
}

const addModels = prepared<{ readonly models: string }>((db, { models }) =>
  db
    .insertInto('model_set')
    .values({ models })
    .onConflict((conflict) => conflict.doNothing()),
);

const addRow = prepared<Columns & { readonly models: string }>((db, row) =>
  db.insertInto('ledger').values({
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
    model_set_id: db.selectFrom('model_set').select('id').where('models', '=', row.models),
  }),
);

export function createLedger(database: StoreDatabase): LedgerRoom {
  return {
    append: (row) =>
      database.write(108, async (db) => {
        const models = JSON.stringify(
          Object.fromEntries(Object.entries(row.models).sort(([a], [b]) => (a < b ? -1 : 1))),
        );
        await addModels(db, { models });
        await addRow(db, { ...toColumns(row), models });
      }),
    page: async (filter, after, limit) => {
      const rows = await database.read(108, (db) =>
        pageOf(db, filter, after).orderBy('ledger.at').orderBy('ledger.id').limit(bounded(limit)).execute(),
      );
      return rows.map(fromColumns);
    },
    latest: async (filter, limit) => {
      const rows = await database.read(108, (db) =>
        rowsOf(db, filter)
          .orderBy('ledger.at', 'desc')
          .orderBy('ledger.id', 'desc')
          .limit(bounded(limit))
          .execute(),
      );
      return rows.map(fromColumns);
    },
    count: async (filter) => {
      const row = await database.read(108, (db) =>
        filtered(db, filter)
          .select((eb) => eb.fn.countAll<number>().as('count'))
          .executeTakeFirstOrThrow(),
      );
      return row.count;
    },
    lastId: async () => {
      const row = await database.read(108, (db) =>
        db
          .selectFrom('ledger')
          .select((eb) => eb.fn.max('id').as('id'))
          .executeTakeFirst(),
      );
      return row?.id ?? 0;
    },
    pruneSome: (before, limit) =>
      database.write(108, async (db) => {
        const { numDeletedRows } = await db
          .deleteFrom('ledger')
          .where('id', 'in', (eb) =>
            eb
              .selectFrom('ledger')
              .select('id')
              .where('at', '<', before.getTime())
              .orderBy('at')
              .limit(limit),
          )
          .executeTakeFirst();
        return Number(numDeletedRows);
      }),
  };
}

function filtered(db: Kysely<Tables>, filter: LedgerFilter): SelectQueryBuilder<Tables, 'ledger', object> {
  let query: SelectQueryBuilder<Tables, 'ledger', object> = db.selectFrom('ledger');
  if (filter.since !== undefined) query = query.where('ledger.at', '>=', filter.since.getTime());
  if (filter.until !== undefined) query = query.where('ledger.at', '<', filter.until.getTime());
  if (filter.appid !== undefined) query = query.where('ledger.appid', '=', filter.appid);
  if (filter.requestId !== undefined) query = query.where('ledger.request_id', '=', filter.requestId);
  if (filter.verdict !== undefined) query = query.where('ledger.verdict', '=', filter.verdict);
  return query;
}

const bounded = (limit: number): number => Math.min(1000, Math.max(1, Math.floor(limit)));

function rowsOf(db: Kysely<Tables>, filter: LedgerFilter) {
  return filtered(db, filter)
    .innerJoin('model_set', 'model_set.id', 'ledger.model_set_id')
    .selectAll('ledger')
    .select('model_set.models');
}

/**
 * The rows behind a place. Time comes before number in the order, as it does in the indexes by time and by app: a page is read
 * from there on, and rows in front of it, behind it or of other apps cost nothing. The plus keeps SQLite from going through the
 * rows by number instead.
 */
function pageOf(db: Kysely<Tables>, { upToId, ...filter }: PageFilter, after: LedgerPlace | null) {
  // Of two lower bounds SQLite may go by the wrong one, and read what was read before.
  const isBehindSince = after !== null && !(filter.since !== undefined && filter.since > after.at);
  let query = rowsOf(db, isBehindSince ? { ...filter, since: undefined } : filter);
  if (isBehindSince) {
    query = query.where(sql<boolean>`(ledger.at, ledger.id) > (${after.at.getTime()}, ${after.id})`);
  }
  return upToId === undefined ? query : query.where(sql<boolean>`+ledger.id <= ${upToId}`);
}

type Columns = Omit<LedgerTable, 'id' | 'model_set_id'>;

function toColumns(row: LedgerRow): Columns {
  return {
    at: row.at.getTime(),
    request_id: keepable(row.requestId),
    appid: keepable(row.appid),
    secret_id: keepable(row.secretId),
    source: keepable(row.source),
    picture_bytes: row.pictureBytes,
    picture_sha256: keepable(row.pictureSha256),
    code: row.code,
    verdict: row.verdict,
    score: row.score,
    raw_score: row.rawScore,
    reasons: JSON.stringify(row.reasons),
    milliseconds: row.milliseconds,
    caller_address: keepable(row.callerAddress),
  };
}

/** A record is not lost over a stray NUL: it is written as the picture that Unicode has for it. */
function keepable(text: string): string {
  return text.replaceAll('\0', '\u2400');
}

function fromColumns(
  row: Omit<LedgerTable, 'id'> & { readonly id: number; readonly models: string },
): StoredLedgerRow {
  return {
    id: row.id,
    at: new Date(row.at),
    requestId: row.request_id,
    appid: row.appid,
    secretId: row.secret_id,
    source: row.source,
    pictureBytes: row.picture_bytes,
    pictureSha256: row.picture_sha256,
    code: row.code,
    verdict: row.verdict as Verdict | null,
    score: row.score,
    rawScore: row.raw_score,
    reasons: JSON.parse(row.reasons) as string[],
    models: JSON.parse(row.models) as Record<string, string>,
    milliseconds: row.milliseconds,
    callerAddress: row.caller_address,
  };
}
