import { setTimeout as sleep } from 'node:timers/promises';
import { asFault } from '../faults.ts';
import type { AnewResults, WriteAnew } from '../ledger/erased-results.ts';
import type { ErasedResults } from '../ledger/types.ts';
import { textOf } from '../storage/place.ts';
import type { ObjectStore } from '../storage/types.ts';
import { exportOne, resultObject } from './exports.ts';
import type { BatchStore } from './types.ts';

/** How often it is looked whether results can be written, in ms. */
const LOOK_MS = 250;

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
