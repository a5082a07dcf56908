import type { Transaction } from 'kysely';
import type { AuditKey } from '../../ledger/checkpoint.ts';
import { chainOf, ledgerChains } from './chain/names.ts';
import { hashBefore } from './chain/place.ts';
import { bury } from './chain/tombstones.ts';
import type { Tables } from './tables.ts';

/** Deletes at most `limit` rows older than `before`, with a signed tombstone of each range; how many went. */
export async function pruneRows(
  db: Transaction<Tables>,
  key: AuditKey,
  before: Date,
  limit: number,
): Promise<number> {
  const old = await db
    .selectFrom('ledger')
    .select(['id', 'hash'])
    .where('at', '<', before.getTime())
    .orderBy('at')
    .limit(limit)
    .execute();
  const chains = await ledgerChains(db);
  for (const run of runsOf(old)) {
    const chain = chainOf(chains, run.fromId);
    await bury(db, key, {
      chain,
      fromId: run.fromId,
      toId: run.toId,
      rows: run.toId - run.fromId + 1,
      digest: null,
      hashBefore: await hashBefore(db, chain, run.fromId),
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
