import { asFault, UsageError } from '../faults.ts';
import type { ChainName } from '../ledger/checkpoint.ts';
import { type ErasureProof, type ProofDeps, proofOf } from '../ledger/erasure-proof.ts';
import { type KeptHead, type StrayedHead, strayedHeads } from '../ledger/kept-heads.ts';
import type { Chains, Erasure, ErasureTarget, LedgerReader } from '../ledger/types.ts';
import type { Verification } from '../ledger/verify.ts';

/** A verification of all chains, under way or over. */
export interface AuditRun {
  readonly startedAt: Date;
  /** Null: it runs. */
  readonly finishedAt: Date | null;
  /** Who began it: the name of a user, or the id of an admin key. */
  readonly by: string;
  /** The chain that is gone through at this moment; null: none. */
  readonly chain: ChainName | null;
  /** What was found of the chains that are done, in order. */
  readonly found: readonly Verification[];
  /** How many states that were kept elsewhere are compared; 0: none were given. */
  readonly kept: number;
  readonly strayed: readonly StrayedHead[];
  /** Why it ended before its end. */
  readonly failure: 'store_unavailable' | 'internal_error' | null;
}

/** Verifying the chains beside the service: one verification at a time, and its result until the next one. */
export interface Audit {
  /**
   * Begins a verification.
   * @param kept states that were kept elsewhere, to be compared
   * @param onError called with what nobody foresaw
   * @throws {UsageError} `verification_running`
   */
  begin(by: string, kept: readonly KeptHead[], onError: (error: unknown) => void): AuditRun;
  /** The one that runs, or the last one of this process; null: there was none. */
  last(): AuditRun | null;
}

export function createAudit(chains: Pick<Chains, 'names' | 'verify' | 'hashAt'>, clock: () => number): Audit {
  let run: AuditRun | null = null;
  const change = (part: Partial<AuditRun>) => {
    if (run !== null) run = { ...run, ...part };
  };
  async function go(kept: readonly KeptHead[]): Promise<void> {
    const found: Verification[] = [];
    for (const chain of await chains.names()) {
      change({ chain });
      found.push(await chains.verify(chain));
      change({ found: [...found], chain: null });
    }
    change({ strayed: await strayedHeads(kept, chains) });
  }
  return {
    begin(by, kept, onError) {
      if (run !== null && run.finishedAt === null)
        throw new UsageError('verification_running', `${run.by} verifies the chains already`);
      run = {
        ...{ startedAt: new Date(clock()), finishedAt: null, by, chain: null },
        ...{ found: [], kept: kept.length, strayed: [], failure: null },
      };
      void go(kept)
        .catch((error: unknown) => {
          const isStore = asFault(error).area === 'store';
          if (!isStore) onError(error);
          change({ failure: isStore ? 'store_unavailable' : 'internal_error' });
        })
        .finally(() => change({ finishedAt: new Date(clock()), chain: null }));
      return run;
    },
    last: () => run,
  };
}

/** What `eraseRecord` works with. */
export interface ErasureDeps extends ProofDeps {
  readonly chains: ProofDeps['chains'] & Pick<Chains, 'countBeside'>;
  readonly ledger: Pick<LedgerReader, 'count'>;
}

/**
 * Takes the rows of a person out for good, and what else is kept of the person.
 * @param rows how many rows of the ledger whoever asks saw in the preview
 * @param erase the store's erasure, under the name of who asks
 * @throws {UsageError} `row_unknown` where there is nothing, `changed_meanwhile` where there are others now
 */
export async function eraseRecord(
  { ledger, ...proof }: ErasureDeps,
  target: ErasureTarget,
  rows: number,
  erase: (target: ErasureTarget) => Promise<Erasure>,
): Promise<ErasureProof & { readonly rows: number }> {
  const now = await ledger.count(target);
  if (now === 0 && (await proof.chains.countBeside(target)) === 0)
    throw new UsageError('row_unknown', 'Nothing of that name is kept.');
  if (now !== rows) throw new UsageError('changed_meanwhile', `The ledger holds ${now} such rows by now.`);
  return { rows, ...(await proofOf(await erase(target), proof)) };
}
