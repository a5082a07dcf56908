import type { Transaction } from 'kysely';
import { type AuditKey, type ChainName, type Tombstone, tombstoneText } from '../../../ledger/checkpoint.ts';
import type { ChainTombstoneTable, Tables } from '../tables.ts';
import { rememberKey } from './checkpoints.ts';

type Db = Transaction<Tables>;

/**
 * Writes the tombstone of a range of rows that are about to be deleted, and drops the checkpoints inside of
 * it. Pruned ranges that touch become one.
 */
export async function bury(
  db: Db,
  key: AuditKey,
  stone: Omit<Tombstone, 'keyId' | 'signature' | 'at'>,
): Promise<Tombstone> {
  let whole = stone;
  if (stone.reason === 'pruned') {
    const touching = await db
      .selectFrom('chain_tombstone')
      .selectAll()
      .where('chain', '=', stone.chain)
      .where('reason', '=', 'pruned')
      .where((eb) => eb.or([eb('to_id', '=', stone.fromId - 1), eb('from_id', '=', stone.toId + 1)]))
      .execute();
    for (const row of touching) {
      const other = toTombstone(row);
      whole = {
        ...whole,
        fromId: Math.min(whole.fromId, other.fromId),
        toId: Math.max(whole.toId, other.toId),
        rows: whole.rows + other.rows,
        hashBefore: other.fromId < whole.fromId ? other.hashBefore : whole.hashBefore,
        hashAfter: other.toId > whole.toId ? other.hashAfter : whole.hashAfter,
      };
      await db
        .deleteFrom('chain_tombstone')
        .where('chain', '=', stone.chain)
        .where('from_id', '=', row.from_id)
        .execute();
    }
  }
  const statement = { ...whole, at: new Date() };
  const signed: Tombstone = { ...statement, ...key.sign(tombstoneText(statement)) };
  await rememberKey(db, key);
  await db.insertInto('chain_tombstone').values(fromTombstone(signed)).execute();
  await db
    .deleteFrom('chain_checkpoint')
    .where('chain', '=', stone.chain)
    .where('row_id', '>=', signed.fromId)
    .where('row_id', '<', signed.toId)
    .execute();
  return signed;
}

/** A tombstone out of its row. */
export function toTombstone(row: ChainTombstoneTable): Tombstone {
  return {
    chain: row.chain as ChainName,
    fromId: row.from_id,
    toId: row.to_id,
    rows: row.row_count,
    digest: row.digest,
    hashBefore: row.hash_before,
    hashAfter: row.hash_after,
    reason: row.reason as Tombstone['reason'],
    at: new Date(row.at),
    keyId: row.key_id,
    signature: row.signature,
  };
}

function fromTombstone(stone: Tombstone): ChainTombstoneTable {
  return {
    chain: stone.chain,
    from_id: stone.fromId,
    to_id: stone.toId,
    row_count: stone.rows,
    digest: stone.digest,
    hash_before: stone.hashBefore,
    hash_after: stone.hashAfter,
    reason: stone.reason,
    at: stone.at.getTime(),
    key_id: stone.keyId,
    signature: stone.signature,
  };
}
