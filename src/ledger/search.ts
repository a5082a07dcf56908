import type { ScoreFilter, Scores } from './scores.ts';
import type { LedgerFilter, LedgerPlace, StoredLedgerRow } from './types.ts';

/** What a search asks beyond a filter; a member left out does not narrow. */
export interface LedgerSearch extends LedgerFilter {
  /** A reason code that the row names. */
  readonly reason?: string | undefined;
  /** Bounds of the raw score, both included. */
  readonly minScore?: number | undefined;
  readonly maxScore?: number | undefined;
  /** True: only decisions that the networks did not back. */
  readonly review?: boolean | undefined;
}

/** A page of a search, newest first. */
export interface FoundPage {
  readonly rows: readonly StoredLedgerRow[];
  /** Where the next page begins; null: the ledger has no older rows in the period. */
  readonly next: LedgerPlace | null;
}

/** What is counted of a period, in steps of equal length. */
export interface ActivityFilter {
  readonly since: Date;
  readonly until: Date;
  /** Length of a step in milliseconds. */
  readonly step: number;
  readonly appid?: string | undefined;
}

/** What is counted of a row. */
export interface ActivityRow {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly id: number;
  readonly verdict: string | null;
  readonly code: number;
  readonly requests: number;
  readonly rawScore: number | null;
  readonly milliseconds: number;
  /** The first reason of a row without a verdict. */
  readonly reason: string | null;
}

/** One step of time; steps without a request are left out. */
export interface ActivityStep {
  readonly at: Date;
  /** Requests by verdict; `refused` those without one. */
  readonly requests: Readonly<Record<string, number>>;
  /** Milliseconds that at most 50, 95 and 99 of 100 judged requests took; null without one. */
  readonly latency: { readonly p50: number; readonly p95: number; readonly p99: number } | null;
  /** Judged pictures by raw score: 20 shares of 5, the last with 100; empty where none was judged. */
  readonly scores: readonly number[];
}

/** What happened in a period. */
export interface Activity {
  /** False: there were more rows than are read at once, and `since` is later than was asked for. */
  readonly isWhole: boolean;
  readonly since: Date;
  readonly steps: readonly ActivityStep[];
  /** Requests by the wire code that was answered. */
  readonly codes: Readonly<Record<string, number>>;
  /** Requests that were refused, by the first reason. */
  readonly refusals: Readonly<Record<string, number>>;
  /** Judged pictures by raw score: 20 shares of 5, the last with 100. */
  readonly scores: readonly { readonly from: number; readonly live: number; readonly other: number }[];
}

/**
 * Reading the ledger for people: a call never reads more than a fixed number of rows, however many there are.
 * Rejects with a `Fault` `state_unavailable` when the store does not answer.
 */
export interface LedgerOverview {
  /** At most `limit` (1-200) rows before the place `before` (null: from the newest on), newest first. */
  search(filter: LedgerSearch, before: LedgerPlace | null, limit: number): Promise<FoundPage>;
  activity(filter: ActivityFilter): Promise<Activity>;
  scores(filter: ScoreFilter): Promise<Scores>;
}
