import { randomBytes } from 'node:crypto';
import { type Kysely, sql, type Transaction } from 'kysely';
import { CHAIN_START, type ChainValue, contentDigest, linkHash } from '../../../ledger/chain.ts';
import type { ChainName } from '../../../ledger/checkpoint.ts';
import { prepared } from '../prepared.ts';
import type { Tables } from '../tables.ts';
import { formOf, tableOf } from './names.ts';

type Db = Transaction<Tables>;

/** The newest row of a chain. */
export interface ChainEnd {
  readonly id: number;
  readonly hash: string;
}

/**
 * Finds the newest row of a chain, inside of the transaction that adds the next one, and holds others off
 * from adding one until that ends; each database has its own.
 */
export type FindEnd = (db: Db, chain: ChainName) => Promise<ChainEnd>;

/** Sets the newest row of a chain. */
export const moveHead = prepared<{ readonly chain: string; readonly id: number; readonly hash: string }>(
  (db, { chain, id, hash }) =>
    db
      .insertInto('chain_head')
      .values({ chain, row_id: id, hash })
      .onConflict((conflict) => conflict.column('chain').doUpdateSet({ row_id: id, hash })),
);

/** What a row needs to take its place in a chain. */
export interface Linked {
  readonly id: number;
  readonly salt: string;
  readonly hash: string;
}

/** The ends of the chains that a transaction has added to: nobody else adds to them before it ends. */
const known = new WeakMap<Db, Map<ChainName, ChainEnd>>();

/**
 * The next place of a chain for a row with these values, inside of the transaction that writes the row: the
 * number it must be written with, its salt and its hash.
 * @param valuesOf the values that the hash covers, by the row's number
 * @param form names these values in the hash; that of the chain where nothing is given
 */
export async function takePlace(
  db: Db,
  findEnd: FindEnd,
  chain: ChainName,
  valuesOf: (id: number) => readonly ChainValue[],
  form: string = formOf(chain),
): Promise<Linked> {
  const ends = known.get(db) ?? new Map<ChainName, ChainEnd>();
  known.set(db, ends);
  const end = ends.get(chain) ?? (await findEnd(db, chain));
  const id = end.id + 1;
  const salt = randomBytes(16).toString('hex');
  const hash = linkHash(end.hash, contentDigest(form, salt, valuesOf(id)));
  await moveHead(db, { chain, id, hash });
  ends.set(chain, { id, hash });
  return { id, salt, hash };
}

/**
 * The hash of a row, or of the deleted range that ends with it; `deleted` inside of such a range; null where
 * nothing is known.
 */
export async function hashAt(
  db: Kysely<Tables>,
  chain: ChainName,
  id: number,
): Promise<string | 'deleted' | null> {
  const table = sql.table(tableOf(chain));
  const { rows } = await sql<{ hash: string }>`
    select hash from ${table} where id = ${id} and hash is not null
    union all
    select case to_id when ${id} then hash_after else 'deleted' end from chain_tombstone
      where chain = ${chain} and from_id <= ${id} and to_id >= ${id}`.execute(db);
  return rows[0]?.hash ?? null;
}

/**
 * The hash before a row: of its predecessor, or of the tombstone that ends there; the start of the chain
 * where there is none.
 */
export async function hashBefore(db: Kysely<Tables>, chain: ChainName, id: number): Promise<string> {
  const before = await hashAt(db, chain, id - 1);
  return before === null || before === 'deleted' ? CHAIN_START : before;
}
