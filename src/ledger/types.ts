import type { Verdict } from '../liveness/types.ts';

/** One judged request, as it is kept for the auditor. The picture itself is never part of it. */
export interface LedgerRow {
  readonly at: Date;
  readonly requestId: string;
  readonly appid: string;
  readonly secretId: string;
  /** `bytes`, or `url:` and the url's host. */
  readonly source: string;
  readonly pictureBytes: number;
  /** SHA-256 of the picture as received, hex. */
  readonly pictureSha256: string;
  /** The wire code that was answered: 0, -4015, … */
  readonly code: number;
  readonly verdict: Verdict | null;
  /** Score as answered on the wire; null where none was answered. */
  readonly score: number | null;
  /** Score as judged, before the cap for poor quality. */
  readonly rawScore: number | null;
  /** Reason codes, in order. */
  readonly reasons: readonly string[];
  /** Model name → SHA-256. */
  readonly models: Readonly<Record<string, string>>;
  readonly milliseconds: number;
  readonly callerAddress: string;
}

/** Where decisions are kept. */
export interface Ledger {
  /**
   * Resolves only when the row is on disk (group commit: many rows share one sync). Rejects with a `Fault` of code 108
   * when it cannot be written; the caller then answers that fault instead of the judgement.
   */
  append(row: LedgerRow): Promise<void>;
}

/** A row as it lies in the ledger: numbered in the order it was written, never numbered again. */
export interface StoredLedgerRow extends LedgerRow {
  readonly id: number;
}

/** Which rows are wanted; a member left out does not narrow. Times: `since` included, `until` not. */
export interface LedgerFilter {
  readonly since?: Date | undefined;
  readonly until?: Date | undefined;
  readonly appid?: string | undefined;
  readonly requestId?: string | undefined;
  readonly verdict?: Verdict | undefined;
}

/** A place in the order of the rows: by time, and among rows of the same time by number. */
export type LedgerPlace = Pick<StoredLedgerRow, 'at' | 'id'>;

/** Reading and shortening the ledger. Rejects with a `Fault` of code 108 when the store does not answer. */
export interface LedgerReader {
  /** At most `limit` (1-1000) rows behind the place `after` (null: from the start), oldest first. */
  page(filter: LedgerFilter, after: LedgerPlace | null, limit: number): Promise<readonly StoredLedgerRow[]>;
  /** All matching rows that were there when the reading began, oldest first, in bounded memory. */
  read(filter: LedgerFilter): AsyncIterable<StoredLedgerRow>;
  /** The newest `limit` (1-1000) matching rows, newest first. */
  latest(filter: LedgerFilter, limit: number): Promise<readonly StoredLedgerRow[]>;
  /** How many rows match. */
  count(filter: LedgerFilter): Promise<number>;
  /**
   * Delete the rows older than `before`, and what else was kept of requests from before then (kept answers), a bounded number at a
   * time; how many rows of the ledger went.
   */
  prune(before: Date): Promise<number>;
}

/** What is known of the clock by which records are let go. See `record-clock.ts`. */
export interface RecordClock {
  /** The time by which old records are told, ms since 1970: the clock's, or behind it after a jump. */
  readonly time: number;
  /** What the clock showed when it was last looked at, ms since 1970. */
  readonly wall: number;
  /** The last jump: when it was seen, by the clock as it was then, and by how many ms (negative: back); null: none was seen. */
  readonly jump: { readonly at: number; readonly byMs: number } | null;
}

/** Letting go of what is over. Rejects with a `Fault` of code 108 when the store does not answer. */
export interface Upkeep {
  /**
   * Looks at the clock and keeps what was seen.
   * @param now ms since 1970
   * @param elapsedMs what truly went by since the last look by this process; null at its first
   * @returns `jumped`: this very look saw a jump
   */
  lookAtClock(
    now: number,
    elapsedMs: number | null,
  ): Promise<{ readonly clock: RecordClock; readonly jumped: boolean }>;
  /** As last looked at; null where it never was. */
  lastClock(): Promise<RecordClock | null>;
  /** Deletes what ended by `now` on its own account: kept answers, used signatures, daily counts. How many rows went. */
  sweep(now: number): Promise<number>;
}
