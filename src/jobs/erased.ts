import { setTimeout as sleep } from 'node:timers/promises';
import { asFault } from '../faults.ts';
import type { ErasedResults } from '../ledger/types.ts';
import { textOf } from '../storage/place.ts';
import type { ObjectStore } from '../storage/types.ts';
import { exportOne, resultObject } from './exports.ts';
import type { BatchStore } from './types.ts';

/** How often it is looked whether results can be written, in ms. */
const LOOK_MS = 250;

/** What became of results of a batch that rows were erased from. */
export interface AnewResults {
  readonly batchId: string;
  /** The object, `s3://bucket/key`; null: the batch is not known any more, nor where its results are. */
  readonly to: string | null;
  /**
   * `written`: anew, without the rows. `waiting`: workers try again. `given_up`: nobody does. `unknown`:
   * nobody knows where they are.
   */
  readonly state: 'written' | 'waiting' | 'given_up' | 'unknown';
  /** What failed; null: nothing did. */
  readonly why: string | null;
}

/** Writes results of batches anew, where they were written. Never rejects. */
export type WriteAnew = (erased: readonly ErasedResults[]) => Promise<readonly AnewResults[]>;

/** Leaves it to the workers, which find the results due. */
export const leaveToWorkers: WriteAnew = async (erased) =>
  erased.map((one) => ({ ...placed(one), state: one.to === null ? 'unknown' : 'waiting', why: null }));

/**
 * Writes them by this process.
 * @param objects null: this process has no storage, it is left to the workers
 * @param waitMs how long a worker is waited for that writes the same results at this moment
 */
export function writeAnewWith(
  { batches, objects }: { readonly batches: BatchStore | null; readonly objects: ObjectStore | null },
  waitMs = 0,
): WriteAnew {
  if (batches === null || objects === null) return leaveToWorkers;
  return async (erased) => {
    const all: AnewResults[] = [];
    for (const one of erased) all.push(await writeOne(one, { batches, objects }, waitMs));
    return all;
  };
}

/** Lines that name what may still hold erased rows, with what helps. */
export function resultsNotReached(results: readonly AnewResults[]): readonly string[] {
  return results.flatMap(({ batchId, to, state, why }) => {
    if (state === 'written') return [];
    if (to === null)
      return [`results of the batch ${batchId}, which the store does not know any more, wherever they are`];
    const because = why === null ? '' : ` (${why})`;
    const next =
      state === 'waiting'
        ? 'a worker that has s3.endpoint writes it anew'
        : 'nobody writes it anew, take the rows out by hand';
    return [`${to}${because}: ${next}`];
  });
}

const placed = ({ batchId, to }: ErasedResults) => ({
  batchId,
  to: to === null ? null : textOf(resultObject(to, batchId)),
});

async function writeOne(
  one: ErasedResults,
  deps: { readonly batches: BatchStore; readonly objects: ObjectStore },
  waitMs: number,
): Promise<AnewResults> {
  const { batchId, to } = placed(one);
  if (to === null) return { batchId, to, state: 'unknown', why: null };
  let last: Pick<AnewResults, 'state' | 'why'> = { state: 'waiting', why: null };
  const onWritten = (_: unknown, ended: 'written' | 'given_up' | 'retry', why: string) => {
    if (ended !== 'written') last = { state: ended === 'retry' ? 'waiting' : ended, why };
  };
  const never = new AbortController().signal;
  try {
    for (const until = performance.now() + waitMs; ; await sleep(LOOK_MS)) {
      const isTaken = await exportOne({ ...deps, onWritten }, never, batchId);
      const status = await deps.batches.find(batchId);
      if (status === null) return { batchId, to, state: 'unknown', why: null };
      if (status.resultsState === 'written') return { batchId, to, state: 'written', why: null };
      if (last.why !== null || (!isTaken && performance.now() >= until)) return { batchId, to, ...last };
    }
  } catch (error) {
    return { batchId, to, state: 'waiting', why: asFault(error).message };
  }
}
