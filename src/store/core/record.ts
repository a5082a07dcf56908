import { type Kysely, sql } from 'kysely';
import type { AdminEntry, AdminFilter, StoredAdminEntry } from '../../ledger/admin.ts';
import { CHAIN_START, contentDigest } from '../../ledger/chain.ts';
import type { AuditKey, ChainName, Checkpoint, Tombstone } from '../../ledger/checkpoint.ts';
import type { Erasure, ErasureTarget } from '../../ledger/types.ts';
import type { ChainedRow } from '../../ledger/verify.ts';
import { adminValues, latestChanges, type NoteChange } from './admin-log.ts';
import { signHead, toCheckpoint } from './chain/checkpoints.ts';
import { baseOf, chainOf, ledgerChains, SPAN } from './chain/names.ts';
import { hashAt, hashBefore } from './chain/place.ts';
import { toTombstone } from './chain/tombstones.ts';
import type { StoreDatabase } from './database.ts';
import { type BatchErasing, countBeside, eraseRows } from './erase.ts';
import { bounded, rowsOf } from './ledger.ts';
import { digestOf } from './ledger-columns.ts';
import { pruneRows } from './prune.ts';
import type { Tables } from './tables.ts';

/** Everything beside the rows that a verification needs. */
export interface ChainFrame {
  /** Behind which number its rows begin. */
  readonly base: number;
  readonly start: { readonly rowId: number; readonly hash: string } | null;
  readonly tombstones: readonly Tombstone[];
  readonly checkpoints: readonly Checkpoint[];
  /** Key id and public key (PEM). */
  readonly publicKeys: readonly (readonly [keyId: string, publicKey: string])[];
  readonly head: { readonly rowId: number; readonly hash: string } | null;
}

/** The calls behind chain, admin log, retention and erasure, each with a bounded answer. */
export interface RecordCalls {
  /** The chains there are; with a row's number those that a row of that number would be in. */
  chainNames(rowId?: number): Promise<readonly ChainName[]>;
  chainFrame(chain: ChainName, from: number | null, to: number | null): Promise<ChainFrame>;
  /** At most `limit` rows behind row `after`, up to row `to`, with the digests of what lies there now. */
  chainPage(
    chain: ChainName,
    after: number,
    to: number | null,
    limit: number,
  ): Promise<readonly ChainedRow[]>;
  /** Signs the state of a chain now. */
  chainHead(chain: ChainName): Promise<(Checkpoint & { readonly publicKey: string }) | null>;
  hashAt(chain: ChainName, rowId: number): Promise<string | 'deleted' | null>;
  erase(target: ErasureTarget): Promise<Erasure>;
  countBeside(target: ErasureTarget): Promise<number>;
  latestChanges(limit: number, filter?: AdminFilter): Promise<readonly StoredAdminEntry[]>;
  noteChange(entry: AdminEntry): Promise<void>;
  /** Delete at most `limit` rows older than `before`; how many went. */
  pruneSome(before: Date, limit: number): Promise<number>;
}

/** One after the other: each looks at what the one before left. */
const DELETING_LOCK = 'ledger-deletions';

/** Chain, admin log and retention. */
export function createRecord(
  database: StoreDatabase,
  key: AuditKey,
): Omit<RecordCalls, 'noteChange' | 'erase' | 'countBeside'> {
  return {
    chainNames: (rowId) => database.read('state_unavailable', (db) => namesOf(db, rowId)),
    chainFrame: (chain, from, to) => database.read('state_unavailable', (db) => frameOf(db, chain, from, to)),
    chainPage: (chain, after, to, limit) =>
      database.read('state_unavailable', (db) => pageOf(db, chain, after, to, limit)),
    chainHead: (chain) =>
      database.write('state_unavailable', async (db) => {
        const checkpoint = await signHead(db, chain, key);
        return checkpoint === null ? null : { ...checkpoint, publicKey: key.publicKey };
      }),
    hashAt: (chain, rowId) => database.read('state_unavailable', (db) => hashAt(db, chain, rowId)),
    latestChanges: (limit, filter = {}) =>
      database.read('state_unavailable', (db) => latestChanges(db, bounded(limit), filter)),
    pruneSome: (before, limit) =>
      database.write('state_unavailable', (db) => pruneRows(db, key, before, limit), DELETING_LOCK),
  };
}

/** Taking rows out for good, noted in the log of changes. */
export function createErasure(
  database: StoreDatabase,
  key: AuditKey,
  note: NoteChange,
  batches?: BatchErasing,
): Pick<RecordCalls, 'erase' | 'countBeside'> {
  return {
    countBeside: (target) => database.read('state_unavailable', (db) => countBeside(db, target, batches)),
    async erase(target) {
      const erased = await database.write(
        'state_unavailable',
        (db) => eraseRows(db, key, note, target, batches),
        DELETING_LOCK,
      );
      await database.forgetDeleted('state_unavailable');
      return erased;
    },
  };
}

async function namesOf(db: Kysely<Tables>, rowId: number | undefined): Promise<readonly ChainName[]> {
  if (rowId !== undefined) return [chainOf(await ledgerChains(db), rowId)];
  // Whoever takes rows away may take the head of their chain with them: what was signed still names it.
  const { rows } = await sql<{ chain: ChainName }>`
    select chain from chain_head where hash <> ${CHAIN_START} union select chain from chain_checkpoint
    union select chain from chain_tombstone order by chain`.execute(db);
  const decisions = rows.map(({ chain }) => chain).filter((chain) => chain !== 'admin');
  return [...(decisions.length === 0 ? ['ledger' as const] : decisions), 'admin'];
}

async function frameOf(
  db: Kysely<Tables>,
  chain: ChainName,
  from: number | null,
  to: number | null,
): Promise<ChainFrame> {
  const head = await db.selectFrom('chain_head').selectAll().where('chain', '=', chain).executeTakeFirst();
  const base = await baseOfChain(db, chain, head?.row_id);
  const low = from ?? base;
  const high = to ?? Number.MAX_SAFE_INTEGER;
  const stones = await db
    .selectFrom('chain_tombstone')
    .selectAll()
    .where('chain', '=', chain)
    .where('from_id', '>=', low)
    .where('to_id', '<=', high)
    .orderBy('from_id')
    .execute();
  const checkpoints = await db
    .selectFrom('chain_checkpoint')
    .selectAll()
    .where('chain', '=', chain)
    .where('row_id', '>=', low)
    .where('row_id', '<=', high)
    .orderBy('row_id')
    .execute();
  const keys = await db.selectFrom('audit_key').selectAll().execute();
  return {
    base,
    start: low <= base + 1 ? null : { rowId: low - 1, hash: await hashBefore(db, chain, low) },
    tombstones: stones.map(toTombstone),
    checkpoints: checkpoints.map(toCheckpoint),
    publicKeys: keys.map((one) => [one.key_id, one.public_key] as const),
    head: to === null && head !== undefined ? { rowId: head.row_id, hash: head.hash } : null,
  };
}

async function baseOfChain(
  db: Kysely<Tables>,
  chain: ChainName,
  headId: number | undefined,
): Promise<number> {
  if (headId !== undefined) return baseOf(headId);
  const { rows } = await sql<{ id: number | null }>`select max(id) as id from (
    select max(row_id) as id from chain_checkpoint where chain = ${chain}
    union all select max(to_id) as id from chain_tombstone where chain = ${chain}) as signed`.execute(db);
  return baseOf(rows[0]?.id ?? 1);
}

async function pageOf(
  db: Kysely<Tables>,
  chain: ChainName,
  after: number,
  to: number | null,
  limit: number,
): Promise<readonly ChainedRow[]> {
  const high = Math.min(to ?? Number.MAX_SAFE_INTEGER, baseOf(after + 1) + SPAN);
  if (chain === 'admin') {
    const rows = await db
      .selectFrom('admin_log')
      .selectAll()
      .where('id', '>', after)
      .where('id', '<=', high)
      .orderBy('id')
      .limit(bounded(limit))
      .execute();
    return rows.map((row) => ({
      id: row.id,
      digest: contentDigest('admin-1', row.salt, adminValues(row)),
      hash: row.hash,
    }));
  }
  const rows = await rowsOf(db, {})
    .where('ledger.id', '>', after)
    .where('ledger.id', '<=', high)
    .orderBy('ledger.id')
    .limit(bounded(limit))
    .execute();
  return rows.map((row) => ({ id: row.id, digest: digestOf(row), hash: row.hash }));
}
