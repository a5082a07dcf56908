import { type Kysely, type SelectQueryBuilder, sql } from 'kysely';
import type { Tables } from './tables.ts';

/** Rows of the ledger, to be narrowed further. */
export type LedgerRows = SelectQueryBuilder<Tables, 'ledger', object>;

/**
 * The rows that decide on a picture, alone or as one of several stills; all rows where none is named. Each of
 * the two has its index; an `or` over both would go through the ledger.
 * @param sha256 of the picture, hex; also that over the hashes of all stills of a row
 */
export function rowsOfPicture(db: Kysely<Tables>, sha256: string | undefined): LedgerRows {
  if (sha256 === undefined) return db.selectFrom('ledger');
  // Written out: the index over the rows with a picture is used only where the statement says so itself.
  const found = sql<{ id: number }>`(
    select row_id as id from ledger_still where sha256 = ${bytesOf(sha256)}
    union select id from ledger where picture_sha256 = ${sha256} and picture_sha256 <> '')`;
  // A cross join: SQLite keeps its order, and does not go through an app or a period in search of the
  // picture.
  return db
    .selectFrom(found.as('of_picture'))
    .crossJoin('ledger')
    .whereRef('ledger.id', '=', 'of_picture.id') as unknown as LedgerRows;
}

/** No bytes, which no still has, for what is no hash. */
const bytesOf = (sha256: string): Buffer => Buffer.from(/^[0-9a-f]{64}$/.test(sha256) ? sha256 : '', 'hex');
