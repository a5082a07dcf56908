import { sql, type Transaction } from 'kysely';
import type { AuditKey, Tombstone } from '../../ledger/checkpoint.ts';
import type { ErasedResults, Erasure, ErasureTarget } from '../../ledger/types.ts';
import type { NoteChange } from './admin-log.ts';
import { chainOf, ledgerChains } from './chain/names.ts';
import { hashBefore } from './chain/place.ts';
import { bury } from './chain/tombstones.ts';
import { rowsOf } from './ledger.ts';
import { digestOf } from './ledger-columns.ts';
import { eraseSessionOf, eraseSessionsOf } from './sessions.ts';
import type { Tables } from './tables.ts';

type Db = Transaction<Tables>;

/**
 * Erases what else is kept of erased decisions, by their request ids; where else their results were written.
 */
export type EraseMore = (db: Db, requestIds: readonly string[]) => Promise<readonly ErasedResults[]>;

/** As the ledger names rows of batches: `batch-ID-ROW`. */
export const ROW_OF_BATCH = /^batch-([0-9a-f-]{36})-(\d{1,15})$/;

/** Rows of batches in a store that has no batches: they came here with the ledger. */
const unknownBatches: EraseMore = async (_db, requestIds) => {
  const ids = requestIds.flatMap((requestId) => ROW_OF_BATCH.exec(requestId)?.[1] ?? []);
  return [...new Set(ids)].map((batchId) => ({ batchId, to: null }));
};

/** Deletes the matching rows and the answers kept of them; a signed tombstone of each stays in the chain. */
export async function eraseRows(
  db: Db,
  key: AuditKey,
  note: NoteChange,
  target: ErasureTarget,
  eraseMore: EraseMore = unknownBatches,
): Promise<Erasure> {
  const rows = await rowsOf(db, target).orderBy('ledger.id').execute();
  const chains = await ledgerChains(db);
  const tombstones: Tombstone[] = [];
  let keptAnswers = 0;
  for (const row of rows) {
    if (row.hash !== null) {
      const chain = chainOf(chains, row.id);
      const stone = { chain, fromId: row.id, toId: row.id, rows: 1, reason: 'erased' } as const;
      const before = await hashBefore(db, chain, row.id);
      const ends = { digest: digestOf(row), hashBefore: before, hashAfter: row.hash };
      tombstones.push(await bury(db, key, { ...stone, ...ends }));
    }
    await db.deleteFrom('ledger').where('id', '=', row.id).execute();
    keptAnswers += await dropKeptAnswers(db, row.appid, row.request_id);
    await eraseSessionOf(db, row.source);
  }
  if ('reference' in target) await eraseSessionsOf(db, target.reference);
  const results = await eraseMore(
    db,
    rows.map((row) => row.request_id),
  );
  // What was asked for is itself personal data: the log says by what kind of name, not by which.
  const by = Object.keys(target)[0];
  await note(db, {
    action: 'ledger.erase',
    target: '',
    before: null,
    after: { by, rows: rows.length, keptAnswers, results: results.length },
  });
  return { at: new Date(), tombstones, keptAnswers, results };
}

/** Kept answers of an app that carry the id of an erased request. */
async function dropKeptAnswers(db: Db, appid: string, requestId: string): Promise<number> {
  const member = `"requestId":${JSON.stringify(requestId)}`;
  const { numAffectedRows } = await sql`delete from idempotency
    where appid = ${appid} and replace(coalesce(body, ''), ${member}, '') <> coalesce(body, '')`.execute(db);
  return Number(numAffectedRows ?? 0);
}
