import { randomBytes } from 'node:crypto';
import { type Kysely, sql, type Transaction } from 'kysely';
import { type ChainValue, chainStart, contentDigest, linkHash } from '../ledger/chain.ts';
import {
  type AuditKey,
  type ChainName,
  type Checkpoint,
  checkpointText,
  type Tombstone,
  tombstoneText,
} from '../ledger/checkpoint.ts';
import { prepared } from './prepared.ts';
import type { ChainCheckpointTable, ChainTombstoneTable, Tables } from './tables.ts';

type Db = Transaction<Tables>;

/** Which table a chain runs over. */
const tableOf = { ledger: 'ledger', admin: 'admin_log' } as const;

const placeOf = prepared<
  { readonly chain: string; readonly table: string },
  { readonly seq: number | null; readonly hash: string | null }
>((db, { chain, table }) =>
  db.selectNoFrom([
    sql<number | null>`(select seq from sqlite_sequence where name = ${table})`.as('seq'),
    sql<string | null>`(select hash from chain_head where chain = ${chain})`.as('hash'),
  ]),
);

const moveHead = prepared<{ readonly chain: string; readonly id: number; readonly hash: string }>(
  (db, { chain, id, hash }) =>
    db
      .insertInto('chain_head')
      .values({ chain, row_id: id, hash })
      .onConflict((conflict) => conflict.column('chain').doUpdateSet({ row_id: id, hash })),
);

/** Which chain rows of a form belong to. */
const chainOf = { 'ledger-1': 'ledger', 'ledger-2': 'ledger', 'admin-1': 'admin' } as const;

/** Names the values that a row's hash covers; see `contentDigest`. */
export type ChainForm = keyof typeof chainOf;

/** What a row needs to take its place in a chain. */
export interface Linked {
  readonly id: number;
  readonly salt: string;
  readonly hash: string;
}

/**
 * The next place of a chain for a row with these values, inside of the transaction that writes the row: the number it must be written
 * with, its salt and its hash.
 * @param form what the values are
 * @param valuesOf the values that the hash covers, by the row's number
 */
export async function takePlace(
  db: Db,
  form: ChainForm,
  valuesOf: (id: number) => readonly ChainValue[],
): Promise<Linked> {
  const chain = chainOf[form];
  const [place] = await placeOf(db, { chain, table: tableOf[chain] });
  const id = (place?.seq ?? 0) + 1;
  const salt = randomBytes(16).toString('hex');
  const hash = linkHash(place?.hash ?? chainStart, contentDigest(form, salt, valuesOf(id)));
  await moveHead(db, { chain, id, hash });
  return { id, salt, hash };
}

/**
 * Rows of the ledger that are neither there nor recorded as deleted, behind the newest row of the chain: numbers go on behind what a restore
 * replaced. They get a signed record of their own, and the number of the rows is told; 0: there are none.
 */
export async function recordGap(db: Db, key: AuditKey): Promise<number> {
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
    select max(head.row_id, coalesce((select max(id) from ledger), 0)) as newest, sequence.seq as toId, head.hash as hash
    from chain_head head join sqlite_sequence sequence on sequence.name = 'ledger' where head.chain = 'ledger'`.execute(
    db,
  );
  const [found] = rows;
  if (found === undefined || found.toId <= found.newest) return null;
  return { fromId: found.newest + 1, toId: found.toId, hash: found.hash };
}

/** Signs the state of a chain, where it moved since it was last signed. Returns the newest checkpoint; null for an empty chain. */
export async function signHead(db: Db, chain: ChainName, key: AuditKey): Promise<Checkpoint | null> {
  const head = await db.selectFrom('chain_head').selectAll().where('chain', '=', chain).executeTakeFirst();
  if (head === undefined) return null;
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
  await rememberKey(db, key);
  await db
    .replaceInto('chain_checkpoint')
    .values({
      chain,
      row_id: checkpoint.rowId,
      hash: checkpoint.hash,
      at: checkpoint.at.getTime(),
      key_id: checkpoint.keyId,
      signature: checkpoint.signature,
    })
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
    .execute();
  return rows.map((row) => row.chain as ChainName);
}

async function rememberKey(db: Db, key: AuditKey): Promise<void> {
  await db
    .insertInto('audit_key')
    .values({ key_id: key.keyId, public_key: key.publicKey, first_at: Date.now() })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** The hash of a row, or of the deleted range that ends with it; `deleted` inside of such a range; null where nothing is known. */
export async function hashAt(
  db: Kysely<Tables>,
  chain: ChainName,
  id: number,
): Promise<string | 'deleted' | null> {
  const table = sql.table(tableOf[chain]);
  const { rows } = await sql<{ hash: string }>`
    select hash from ${table} where id = ${id} and hash is not null
    union all
    select case to_id when ${id} then hash_after else 'deleted' end from chain_tombstone
      where chain = ${chain} and from_id <= ${id} and to_id >= ${id}`.execute(db);
  return rows[0]?.hash ?? null;
}

/** The hash before a row: of its predecessor, or of the tombstone that ends there; the start of the chain where there is none. */
export async function hashBefore(db: Kysely<Tables>, chain: ChainName, id: number): Promise<string> {
  const before = await hashAt(db, chain, id - 1);
  return before === null || before === 'deleted' ? chainStart : before;
}

/**
 * Writes the tombstone of a range of rows that are about to be deleted, and drops the checkpoints inside of it. Pruned ranges that
 * touch become one.
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
