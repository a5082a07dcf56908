import { type RawBuilder, sql } from 'kysely';

/**
 * Rows of the ledger that decide on this picture, alone or as one of several stills. Two indexes find them:
 * an `or` over both would go through the ledger.
 * @param sha256 of the picture, hex; also that over the hashes of all stills of a row
 */
export function ofPicture(sha256: string): RawBuilder<boolean> {
  // Written out: the index over the rows with a picture is used only where the statement says so itself.
  return sql<boolean>`ledger.id in (
    select row_id from ledger_still where sha256 = ${sha256}
    union all select id from ledger as alone where picture_sha256 = ${sha256} and picture_sha256 <> '')`;
}
