import { type Kysely, sql, type Transaction } from 'kysely';
import type { AuditKey, Tombstone } from '../../ledger/checkpoint.ts';
import type { ErasedResults, Erasure, ErasureTarget } from '../../ledger/types.ts';
import type { NoteChange } from './admin-log.ts';
import { chainOf, ledgerChains } from './chain/names.ts';
import { hashBefore } from './chain/place.ts';
import { bury } from './chain/tombstones.ts';
import { eraseBeside, holds, keptBeside } from './erase-beside.ts';
import { rowsOf } from './ledger.ts';
import { digestOf, type JoinedRow } from './ledger-columns.ts';
import { eraseSessionOf } from './sessions.ts';
import type { Tables } from './tables.ts';

type Db = Transaction<Tables>;

/** A row of a batch, by its place. */
export interface BatchPlace {
  readonly batchId: string;
  readonly row: number;
}

/** What a store with batches keeps of a person in them. */
export interface BatchErasing {
  /**
   * The rows of batches that go: those of the decisions, those that the target names itself, whether they
   * have a decision in the ledger or not, and what cannot stay without them.
   */
  find(
    db: Kysely<Tables>,
    target: ErasureTarget,
    requestIds: readonly string[],
  ): Promise<readonly BatchPlace[]>;
  /** Takes them out; where else their results were written. */
  erase(db: Db, places: readonly BatchPlace[]): Promise<readonly ErasedResults[]>;
}

/** As the ledger names rows of batches: `batch-ID-ROW`. */
export const ROW_OF_BATCH = /^batch-([0-9a-f-]{36})-(\d{1,15})$/;

/** The place of a row of a batch, by the name of its decision; none where it is no such name. */
export function placeOfRow(requestId: string): readonly BatchPlace[] {
  const [, batchId, row] = ROW_OF_BATCH.exec(requestId) ?? [];
  return batchId === undefined ? [] : [{ batchId, row: Number(row) }];
}

/** Rows of batches in a store that has no batches: they came here with the ledger. */
const UNKNOWN_BATCHES: BatchErasing = {
  find: async (_db, _target, requestIds) => requestIds.flatMap(placeOfRow),
  erase: async (_db, places) =>
    [...new Set(places.map(({ batchId }) => batchId))].map((batchId) => ({ batchId, to: null })),
};

/** How many records beside the rows of the ledger an erasure would take out. */
export async function countBeside(
  db: Kysely<Tables>,
  target: ErasureTarget,
  batches: BatchErasing = UNKNOWN_BATCHES,
): Promise<number> {
  const { sessions, webhooks, answers } = await keptBeside(db, target);
  const rows = await batches.find(db, target, []);
  // A session's own call counts with it.
  const calls = webhooks.filter((id) => !sessions.some((one) => id === `session:${one}`));
  return sessions.length + calls.length + answers.length + rows.length;
}

/**
 * Deletes the matching rows, and everything else that is kept of the person; a signed tombstone of each row
 * stays in the chain.
 */
export async function eraseRows(
  db: Db,
  key: AuditKey,
  note: NoteChange,
  target: ErasureTarget,
  batches: BatchErasing = UNKNOWN_BATCHES,
): Promise<Erasure> {
  const rows = await rowsOf(db, target).orderBy('ledger.id').execute();
  const requestIds = rows.map((row) => row.request_id);
  const places = await batches.find(db, target, requestIds);
  // Of a group one decision stands for all of its pictures: it goes with any of them.
  const others = new Set(places.map(({ batchId, row }) => `batch-${batchId}-${row}`));
  for (const id of requestIds) others.delete(id);
  for (const requestId of others) rows.push(...(await rowsOf(db, { requestId }).execute()));
  const tombstones: Tombstone[] = [];
  let keptAnswers = 0;
  let sessions = 0;
  for (const row of rows) {
    const stone = await eraseRow(db, key, row);
    if (stone !== null) tombstones.push(stone);
    keptAnswers += await dropKeptAnswers(db, row.appid, row.request_id);
    sessions += await eraseSessionOf(db, row.source);
  }
  const beside = await eraseBeside(db, await keptBeside(db, target));
  keptAnswers += beside.answers;
  sessions += beside.sessions;
  const results = await batches.erase(db, places);
  const batchRows = places.length;
  // What was asked for is itself personal data: the log says by what kind of name, not by which.
  const by = Object.keys(target)[0];
  await note(db, {
    action: 'ledger.erase',
    target: '',
    before: null,
    after: { by, rows: rows.length, keptAnswers, sessions, batchRows, results: results.length },
  });
  return { at: new Date(), tombstones, keptAnswers, sessions, batchRows, results };
}

/** What stays of a row: its place in the chain; null where it had none. */
async function eraseRow(db: Db, key: AuditKey, row: JoinedRow): Promise<Tombstone | null> {
  let stone: Tombstone | null = null;
  if (row.hash !== null) {
    const chain = chainOf(await ledgerChains(db), row.id);
    const range = { chain, fromId: row.id, toId: row.id, rows: 1, reason: 'erased' } as const;
    const before = await hashBefore(db, chain, row.id);
    const ends = { digest: digestOf(row), hashBefore: before, hashAfter: row.hash };
    stone = await bury(db, key, { ...range, ...ends });
  }
  await db.deleteFrom('ledger').where('id', '=', row.id).execute();
  return stone;
}

/** Kept answers of an app that carry the id of an erased request. */
async function dropKeptAnswers(db: Db, appid: string, requestId: string): Promise<number> {
  const member = `"requestId":${JSON.stringify(requestId)}`;
  const { numAffectedRows } = await sql`delete from idempotency
    where appid = ${appid} and ${holds(sql.ref('body'), member)}`.execute(db);
  return Number(numAffectedRows ?? 0);
}
