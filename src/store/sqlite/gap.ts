import { type Kysely, sql, type Transaction } from 'kysely';
import type { AuditKey } from '../../ledger/checkpoint.ts';
import { SPAN } from '../core/chain/names.ts';
import { moveHead } from '../core/chain/place.ts';
import { bury } from '../core/chain/tombstones.ts';
import type { Tables } from '../core/tables.ts';

/**
 * Rows of the ledger that are neither there nor recorded as deleted, behind the newest row of the chain:
 * numbers go on behind what a restore replaced. They get a signed record of their own, and the number of the
 * rows is told; 0: there are none.
 */
export async function recordGap(db: Transaction<Tables>, key: AuditKey): Promise<number> {
  const gap = await gapOf(db);
  if (gap === null) return 0;
  const { fromId, toId, hash } = gap;
  const rows = toId - fromId + 1;
  const ends = { hashBefore: hash, hashAfter: hash, digest: null };
  await bury(db, key, { chain: 'ledger', fromId, toId, rows, ...ends, reason: 'gap' });
  await moveHead(db, { chain: 'ledger', id: toId, hash });
  return rows;
}

/** The numbers behind the newest chained row that no row has; null where there are none. */
export async function gapOf(
  db: Kysely<Tables>,
): Promise<{ readonly fromId: number; readonly toId: number; readonly hash: string } | null> {
  const { rows } = await sql<{ newest: number; toId: number; hash: string }>`
    select max(head.row_id, coalesce((select max(id) from ledger where id <= ${SPAN}), 0)) as newest, sequence.seq as toId, head.hash as hash
    from chain_head head join sqlite_sequence sequence on sequence.name = 'ledger' where head.chain = 'ledger'`.execute(
    db,
  );
  const [found] = rows;
  if (found === undefined || found.toId <= found.newest) return null;
  return { fromId: found.newest + 1, toId: found.toId, hash: found.hash };
}
