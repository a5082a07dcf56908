import type { LedgerFilter, LedgerPlace, LedgerReader, StoredLedgerRow } from '../../ledger/types.ts';
import type { Backend } from './backend.ts';

/** Rows read or deleted at once. */
const PAGE_SIZE = 500;

/** All matching rows that were there when the reading began, oldest first, in bounded memory. */
export async function* readAll(
  backend: Backend,
  filter: LedgerFilter,
): ReturnType<LedgerReader['read']> & AsyncGenerator<StoredLedgerRow> {
  const upTo = await backend.newestRows();
  for (let after: LedgerPlace | null = null; ; ) {
    const rows: readonly StoredLedgerRow[] = await backend.page({ ...filter, upTo }, after, PAGE_SIZE);
    yield* rows;
    if (rows.length < PAGE_SIZE) return;
    const last: StoredLedgerRow = rows[rows.length - 1]!;
    after = { at: last.at, id: last.id };
  }
}

/** Deletes what is older than `before`, a bounded number at a time; how many rows of the ledger went. */
export async function pruneAll(backend: Backend, before: Date): Promise<number> {
  const gone = await untilFew((limit) => backend.pruneSome(before, limit));
  if (gone > 0) {
    const after = { rows: gone, olderThan: before.toISOString() };
    await backend.noteChange({ action: 'ledger.prune', target: '', before: null, after });
  }
  await untilFew((limit) => backend.forgetAnswers(before, limit));
  await backend.dropOldCopies(before);
  return gone;
}

/**
 * Repeats a deletion of at most so many rows, other writes in between, until fewer went; how many went in
 * all.
 */
export async function untilFew(some: (limit: number) => Promise<number>): Promise<number> {
  for (let gone = 0; ; ) {
    const few = await some(PAGE_SIZE);
    gone += few;
    if (few < PAGE_SIZE) return gone;
  }
}
