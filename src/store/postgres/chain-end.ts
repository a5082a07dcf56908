import { sql, type Transaction } from 'kysely';
import { CHAIN_START } from '../../ledger/chain.ts';
import type { ChainName } from '../../ledger/checkpoint.ts';
import { SPAN } from '../core/chain/names.ts';
import type { FindEnd } from '../core/chain/place.ts';
import { prepared } from '../core/prepared.ts';
import type { Tables } from '../core/tables.ts';
import { lockFor } from './lock.ts';

const endOf = prepared<{ readonly chain: string }, { readonly row_id: number; readonly hash: string }>(
  (db, { chain }) =>
    db.selectFrom('chain_head').select(['row_id', 'hash']).where('chain', '=', chain).forUpdate(),
);

/**
 * The newest row of a chain; its head is locked, so that the others wait who want to add to the same chain.
 */
export const findEnd: FindEnd = async (db, chain) => {
  const known = (await endOf(db, { chain }))[0] ?? (await beginChain(db, chain));
  return { id: known.row_id, hash: known.hash };
};

/** So many nodes have numbers of their own: the rows of one more would need numbers that are not exact. */
const MOST_NODES = Math.floor(Number.MAX_SAFE_INTEGER / SPAN);

/**
 * Begins a chain: that of a node with numbers that no other has.
 * @throws {Error} when all numbers are used
 */
async function beginChain(
  db: Transaction<Tables>,
  chain: ChainName,
): Promise<{ readonly row_id: number; readonly hash: string }> {
  await lockFor(db, 'chain-numbers');
  const first =
    chain === 'admin'
      ? sql`select 0`
      : sql`select (coalesce(max(row_id / ${sql.lit(SPAN)}), 0) + 1) * ${sql.lit(SPAN)} from chain_head where chain <> 'admin'`;
  await sql`insert into chain_head values (${chain}, (${first}), ${CHAIN_START}) on conflict do nothing`.execute(
    db,
  );
  const [made = { row_id: 0, hash: CHAIN_START }] = await endOf(db, { chain });
  if (made.row_id > MOST_NODES * SPAN)
    throw new Error(
      `${MOST_NODES} names of nodes have been used, and no more have numbers: give nodes names that were used before (node)`,
    );
  return made;
}
