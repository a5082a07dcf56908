import type { Kysely, Transaction } from 'kysely';
import { CHAIN_START } from '../../../ledger/chain.ts';
import {
  type AuditKey,
  type ChainName,
  type Checkpoint,
  checkpointText,
} from '../../../ledger/checkpoint.ts';
import type { ChainCheckpointTable, Tables } from '../tables.ts';

type Db = Transaction<Tables>;

/**
 * Signs the state of a chain, where it moved since it was last signed. Returns the newest checkpoint; null
 * for an empty chain.
 */
export async function signHead(db: Db, chain: ChainName, key: AuditKey): Promise<Checkpoint | null> {
  const head = await db.selectFrom('chain_head').selectAll().where('chain', '=', chain).executeTakeFirst();
  if (head === undefined || head.hash === CHAIN_START) return null;
  const known = await db
    .selectFrom('chain_checkpoint')
    .selectAll()
    .where('chain', '=', chain)
    .where('row_id', '=', head.row_id)
    .where('hash', '=', head.hash)
    .where('key_id', '=', key.keyId)
    .executeTakeFirst();
  if (known !== undefined) return toCheckpoint(known);
  const statement = { chain, rowId: head.row_id, hash: head.hash, at: new Date() };
  const checkpoint = { ...statement, ...key.sign(checkpointText(statement)) };
  const signed = {
    hash: checkpoint.hash,
    at: checkpoint.at.getTime(),
    key_id: checkpoint.keyId,
    signature: checkpoint.signature,
  };
  await rememberKey(db, key);
  await db
    .insertInto('chain_checkpoint')
    .values({ chain, row_id: checkpoint.rowId, ...signed })
    .onConflict((conflict) => conflict.columns(['chain', 'row_id']).doUpdateSet(signed))
    .execute();
  return checkpoint;
}

/** The chains whose newest row is not signed yet. */
export async function movedChains(db: Kysely<Tables>): Promise<readonly ChainName[]> {
  const rows = await db
    .selectFrom('chain_head')
    .leftJoin('chain_checkpoint', (join) =>
      join
        .onRef('chain_checkpoint.chain', '=', 'chain_head.chain')
        .onRef('chain_checkpoint.row_id', '=', 'chain_head.row_id'),
    )
    .select('chain_head.chain')
    .where('chain_checkpoint.row_id', 'is', null)
    .where('chain_head.hash', '!=', CHAIN_START)
    .execute();
  return rows.map((row) => row.chain as ChainName);
}

/** Keeps the public half of a key that signed. */
export async function rememberKey(db: Db, key: AuditKey): Promise<void> {
  await db
    .insertInto('audit_key')
    .values({ key_id: key.keyId, public_key: key.publicKey, first_at: Date.now() })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** A checkpoint out of its row. */
export function toCheckpoint(row: ChainCheckpointTable): Checkpoint {
  return {
    chain: row.chain as ChainName,
    rowId: row.row_id,
    hash: row.hash,
    at: new Date(row.at),
    keyId: row.key_id,
    signature: row.signature,
  };
}
