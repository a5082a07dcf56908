import type { Kysely } from 'kysely';
import { CHAIN_START } from '../../../ledger/chain.ts';
import type { ChainName } from '../../../ledger/checkpoint.ts';
import type { Tables } from '../tables.ts';

/**
 * The numbers of one chain's rows: those of node `n` begin behind `n` times this, those of a database with
 * one writer (node 0) with 1. So a row's number is its own in the whole database, and still counts without a
 * gap in its chain.
 */
export const SPAN = 2 ** 40;

/** Which table a chain runs over. */
export const tableOf = (chain: ChainName): 'ledger' | 'admin_log' =>
  chain === 'admin' ? 'admin_log' : 'ledger';

/** The form of the values that a chain's hashes cover. */
export const formOf = (chain: ChainName): 'ledger-1' | 'admin-1' =>
  chain === 'admin' ? 'admin-1' : 'ledger-1';

/** A chain of decisions. */
export interface LedgerChain {
  readonly chain: ChainName;
  /** Its rows are numbered from behind this. */
  readonly base: number;
  /** Its newest row; `base` while it has none. */
  readonly end: number;
}

/** The chains of decisions with a row in them, in the order of their numbers. */
export async function ledgerChains(db: Kysely<Tables>): Promise<readonly LedgerChain[]> {
  const rows = await db
    .selectFrom('chain_head')
    .select(['chain', 'row_id'])
    .where('chain', '!=', 'admin')
    .where('hash', '!=', CHAIN_START)
    .orderBy('row_id')
    .execute();
  return rows.map((row) => ({
    chain: row.chain as ChainName,
    base: baseOf(row.row_id),
    end: row.row_id,
  }));
}

/** Behind which number the rows of the chain begin that a row belongs to (1: node 0; `span + 1`: node 1). */
export const baseOf = (id: number): number => Math.floor((id - 1) / SPAN) * SPAN;

/** The chain that a row of the ledger belongs to. */
export function chainOf(chains: readonly LedgerChain[], id: number): ChainName {
  return chains.find(({ base }) => base === baseOf(id))?.chain ?? 'ledger';
}
