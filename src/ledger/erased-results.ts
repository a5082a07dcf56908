import type { ErasedResults } from './types.ts';

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
