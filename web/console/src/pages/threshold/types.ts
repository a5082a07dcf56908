/** What was counted, and of how much. */
interface Counted {
  readonly from: string;
  readonly to: string;
  readonly isWhole: boolean;
  readonly rows: number;
  readonly scored: number;
}

/** One column of a histogram. */
export interface Bin {
  readonly upTo: number;
  readonly live: number;
  readonly attack: number;
  readonly poorQuality: number;
  readonly review: number;
}

/** Limits of review: probabilities. */
export interface Limits {
  readonly low: number;
  readonly high: number;
}

/** The scores of a period. */
export interface Scores extends Counted {
  readonly bins: readonly Bin[];
  readonly server: {
    readonly threshold: number;
    readonly profile: string;
    readonly review: Limits | null;
  };
  /** What the app decides for itself, where one was named that there is. */
  readonly app: { readonly threshold: number | null; readonly review: Limits | null } | null;
}

type Outcome = Omit<Bin, 'upTo'>;

/** What another threshold would have done. */
export interface WhatIf extends Counted {
  readonly threshold: number;
  readonly before: Outcome;
  readonly after: Outcome;
  readonly newlyRefused: number;
  readonly newlyAccepted: number;
  readonly newlyForReview: number;
  readonly noLongerForReview: number;
  readonly withoutProbability: number;
}

interface Rate {
  readonly rate: number;
  readonly interval: { readonly low: number; readonly high: number } | null;
}

/** What a threshold was measured to do. */
export interface OperatingPoint {
  readonly name: string | null;
  readonly threshold: number;
  readonly apcer: Rate;
  readonly bpcer: Rate;
  /** Pictures that the quality gate turns away were left out. */
  readonly qualityGate: boolean;
}

/** All tables; the first is the installation's own where something was uploaded. */
export interface OperatingPoints {
  readonly uploaded: { readonly at: string; readonly by: string } | null;
  readonly tables: readonly {
    readonly profile: string;
    readonly points: readonly OperatingPoint[];
    readonly data: {
      readonly description: string;
      readonly pictures: number;
      readonly sources: number;
      /** What was not held out, and other limits of the measurement. */
      readonly held: string;
    };
  }[];
}

/** Of which decisions the page speaks. */
export interface Range {
  readonly app?: string;
  readonly from: string;
  readonly to: string;
}
