import { createHash } from 'node:crypto';
import { type Kysely, sql, type Transaction } from 'kysely';
import type { AdminEntry, AdminFilter, StoredAdminEntry } from '../ledger/admin.ts';
import { contentDigest } from '../ledger/chain.ts';
import type { AuditKey, ChainName, Checkpoint, Tombstone } from '../ledger/checkpoint.ts';
import type { Erasure, ErasureTarget } from '../ledger/types.ts';
import type { ChainedRow } from '../ledger/verify.ts';
import { adminValues, latestChanges, type NoteChange } from './admin-log.ts';
import { bury, hashAt, hashBefore, signHead, toCheckpoint, toTombstone } from './chain.ts';
import type { StoreDatabase } from './database.ts';
import { bounded, rowsOf } from './ledger.ts';
import { chainedValues, formOf, type JoinedRow } from './ledger-columns.ts';
import type { Tables } from './tables.ts';

type Db = Transaction<Tables>;

/** Everything beside the rows that a verification needs. */
export interface ChainFrame {
  readonly start: { readonly rowId: number; readonly hash: string } | null;
  readonly tombstones: readonly Tombstone[];
  readonly checkpoints: readonly Checkpoint[];
  /** Key id and public key (PEM). */
  readonly publicKeys: readonly (readonly [keyId: string, publicKey: string])[];
  readonly head: { readonly rowId: number; readonly hash: string } | null;
}

/** The calls behind chain, admin log, retention and erasure, each with a bounded answer. */
export interface RecordRoom {
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
  latestChanges(limit: number, filter?: AdminFilter): Promise<readonly StoredAdminEntry[]>;
  noteChange(entry: AdminEntry): Promise<void>;
  /** Delete at most `limit` rows older than `before`; how many went. */
  pruneSome(before: Date, limit: number): Promise<number>;
}

export function createRecord(database: StoreDatabase, key: AuditKey, note: NoteChange): RecordRoom {
  return {
    chainFrame: (chain, from, to) => database.read(108, (db) => frameOf(db, chain, from, to)),
    chainPage: (chain, after, to, limit) => database.read(108, (db) => pageOf(db, chain, after, to, limit)),
    chainHead: (chain) =>
      database.write(108, async (db) => {
        const checkpoint = await signHead(db, chain, key);
        return checkpoint === null ? null : { ...checkpoint, publicKey: key.publicKey };
      }),
    hashAt: (chain, rowId) => database.read(108, (db) => hashAt(db, chain, rowId)),
    async erase(target) {
      const erased = await database.write(108, (db) => eraseRows(db, key, note, target));
      await database.truncateLog(108);
      return erased;
    },
    latestChanges: (limit, filter = {}) =>
      database.read(108, (db) => latestChanges(db, bounded(limit), filter)),
    noteChange: (entry) => database.write(108, (db) => note(db, entry)),
    pruneSome: (before, limit) => database.write(108, (db) => pruneRows(db, key, before, limit)),
  };
}

async function frameOf(
  db: Kysely<Tables>,
  chain: ChainName,
  from: number | null,
  to: number | null,
): Promise<ChainFrame> {
  const low = from ?? 0;
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
  const head = await db.selectFrom('chain_head').selectAll().where('chain', '=', chain).executeTakeFirst();
  return {
    start: low <= 1 ? null : { rowId: low - 1, hash: await hashBefore(db, chain, low) },
    tombstones: stones.map(toTombstone),
    checkpoints: checkpoints.map(toCheckpoint),
    publicKeys: keys.map((one) => [one.key_id, one.public_key] as const),
    head: to === null && head !== undefined ? { rowId: head.row_id, hash: head.hash } : null,
  };
}

async function pageOf(
  db: Kysely<Tables>,
  chain: ChainName,
  after: number,
  to: number | null,
  limit: number,
): Promise<readonly ChainedRow[]> {
  const high = to ?? Number.MAX_SAFE_INTEGER;
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

/** The digest of a row's content as it lies there now; the hash of its policy is computed anew too. */
function digestOf(row: JoinedRow): string {
  const { policy_content: content } = row;
  const policy = content === null ? null : createHash('sha256').update(content).digest('hex');
  return contentDigest(formOf(row), row.salt ?? '', chainedValues(row.id, row, row.models, policy));
}

async function eraseRows(db: Db, key: AuditKey, note: NoteChange, target: ErasureTarget): Promise<Erasure> {
  const rows = await rowsOf(db, target).orderBy('ledger.id').execute();
  const tombstones: Tombstone[] = [];
  let keptAnswers = 0;
  for (const row of rows) {
    if (row.hash !== null) {
      const stone = { chain: 'ledger', fromId: row.id, toId: row.id, rows: 1, reason: 'erased' } as const;
      const before = await hashBefore(db, 'ledger', row.id);
      const ends = { digest: digestOf(row), hashBefore: before, hashAfter: row.hash };
      tombstones.push(await bury(db, key, { ...stone, ...ends }));
    }
    await db.deleteFrom('ledger').where('id', '=', row.id).execute();
    keptAnswers += await dropKeptAnswers(db, row.appid, row.request_id);
  }
  // What was asked for is itself personal data: the log says by what kind of name, not by which.
  const by = Object.keys(target)[0];
  await note(db, {
    action: 'ledger.erase',
    target: '',
    before: null,
    after: { by, rows: rows.length, keptAnswers },
  });
  return { at: new Date(), tombstones, keptAnswers };
}

/** Kept answers of an app that carry the id of an erased request. */
async function dropKeptAnswers(db: Db, appid: string, requestId: string): Promise<number> {
  const member = `"requestId":${JSON.stringify(requestId)}`;
  const { numAffectedRows } = await sql`delete from idempotency
    where appid = ${appid} and instr(coalesce(body, ''), ${member}) > 0`.execute(db);
  return Number(numAffectedRows ?? 0);
}

async function pruneRows(db: Db, key: AuditKey, before: Date, limit: number): Promise<number> {
  const old = await db
    .selectFrom('ledger')
    .select(['id', 'hash'])
    .where('at', '<', before.getTime())
    .orderBy('at')
    .limit(limit)
    .execute();
  for (const run of runsOf(old)) {
    await bury(db, key, {
      chain: 'ledger',
      fromId: run.fromId,
      toId: run.toId,
      rows: run.toId - run.fromId + 1,
      digest: null,
      hashBefore: await hashBefore(db, 'ledger', run.fromId),
      hashAfter: run.hash,
      reason: 'pruned',
    });
  }
  for (const { id } of old) await db.deleteFrom('ledger').where('id', '=', id).execute();
  return old.length;
}

/** Rows of the chain whose numbers follow each other, as ranges with the hash of the last one. */
function runsOf(rows: readonly { readonly id: number; readonly hash: string | null }[]) {
  const runs: { fromId: number; toId: number; hash: string }[] = [];
  const chained = rows.filter((row) => row.hash !== null).sort((a, b) => a.id - b.id);
  for (const { id, hash } of chained) {
    const last = runs.at(-1);
    if (last !== undefined && last.toId === id - 1) {
      last.toId = id;
      last.hash = hash!;
    } else runs.push({ fromId: id, toId: id, hash: hash! });
  }
  return runs;
}
