import { type AnewResults, resultsNotReached, type WriteAnew } from './erased-results.ts';
import { type SignedHead, signedHeads } from './kept-heads.ts';
import type { Chains, Erasure } from './types.ts';

/** What was erased, with what proves it and what it did not reach. */
export interface ErasureProof extends Omit<Erasure, 'results'> {
  readonly results: readonly AnewResults[];
  /** The signed state of all chains afterwards. */
  readonly heads: readonly SignedHead[];
  /** Copies of the store, and results of batches in storage, that may still hold the rows. */
  readonly notReached: readonly string[];
}

/** What an erasure is completed with. */
export interface ProofDeps {
  readonly chains: Pick<Chains, 'names' | 'head'>;
  /** Copies of the store that an erasure does not reach, by name. */
  readonly notReached: () => readonly string[];
  /** Writes results of batches anew where they were written. */
  readonly writeAnew: WriteAnew;
}

/**
 * Completes an erasure: results of batches are written anew, the chains are signed, and all of it is told.
 */
export async function proofOf(
  erased: Erasure,
  { chains, notReached, writeAnew }: ProofDeps,
): Promise<ErasureProof> {
  const results = await writeAnew(erased.results);
  const heads = await signedHeads(chains);
  return { ...erased, results, heads, notReached: [...notReached(), ...resultsNotReached(results)] };
}
