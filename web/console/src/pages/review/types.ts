/** A decision for review, with its mark. */
export interface ReviewItem {
  /** Its row of the ledger. */
  readonly row: number;
  readonly at: string;
  readonly requestId: string;
  readonly appid: string;
  readonly verdict: string | null;
  readonly score: number | null;
  readonly rawScore: number | null;
  readonly reasons: readonly string[];
  readonly threshold: number | null;
  readonly liveProbability: number | null;
  readonly profile: string | null;
  readonly reference: string | null;
  readonly mark: Mark | null;
  readonly note: string;
  /** What a change names that was made for this. */
  readonly version: number;
  readonly marked: { readonly at: string; readonly by: string } | null;
}

/** What a person says of a decision. */
export type Mark = 'right' | 'wrong';
