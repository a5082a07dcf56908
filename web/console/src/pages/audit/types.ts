/** What was found of one chain, as the API tells it. */
export interface ChainFound {
  readonly chain: string;
  readonly verified: number;
  readonly unchained: number;
  readonly pruned: number;
  readonly erased: number;
  readonly lost: number;
  readonly checkpoints: number;
  readonly keys: readonly string[];
  readonly fault: { readonly kind: string; readonly rowId: number; readonly text: string } | null;
}

/** A state kept elsewhere that its chain does not pass through. */
export interface Strayed {
  readonly chain: string;
  readonly rowId: number;
  readonly found: 'changed' | 'missing';
}

/** A verification: none yet, or one that runs or is over. */
export type Run =
  | { readonly state: 'none' }
  | {
      readonly state: 'running' | 'done' | 'failed';
      readonly startedAt: string;
      readonly finishedAt: string | null;
      readonly by: string;
      readonly chain: string | null;
      readonly kept: number;
      readonly failure: string | null;
      readonly isAsWritten: boolean | null;
      readonly chains: readonly ChainFound[];
      readonly strayed: readonly Strayed[];
    };
