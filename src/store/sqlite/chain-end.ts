import { sql } from 'kysely';
import { CHAIN_START } from '../../ledger/chain.ts';
import { tableOf } from '../core/chain/names.ts';
import type { FindEnd } from '../core/chain/place.ts';
import { prepared } from '../core/prepared.ts';

const endOf = prepared<
  { readonly chain: string; readonly table: string },
  { readonly seq: number | null; readonly hash: string | null }
>((db, { chain, table }) =>
  db.selectNoFrom([
    sql<number | null>`(select seq from sqlite_sequence where name = ${table})`.as('seq'),
    sql<string | null>`(select hash from chain_head where chain = ${chain})`.as('hash'),
  ]),
);

/**
 * The newest row of a chain. Numbers are those that SQLite has given out, so that rows of versions without a
 * chain count too, and none is given out twice after a restore.
 */
export const findEnd: FindEnd = async (db, chain) => {
  const [found] = await endOf(db, { chain, table: tableOf(chain) });
  return { id: found?.seq ?? 0, hash: found?.hash ?? CHAIN_START };
};
