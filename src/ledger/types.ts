import type { Verdict } from '../liveness/types.ts';
import type { AdminEntry, AdminFilter, StoredAdminEntry } from './admin.ts';
import type { ChainName, Checkpoint, Tombstone } from './checkpoint.ts';
import type { Verification } from './verify.ts';

/**
 * What a row is about. `judged`: a picture was looked at, also one that could not be decoded.
 * `download_refused`: there was no picture, since its download failed or was refused. `request_refused`:
 * requests of a known caller that were refused before a picture was looked at, counted.
 */
export type RowKind = 'judged' | 'download_refused' | 'request_refused';

/** A quality value that decided or warned, with the limits it was held against. */
export interface DecidingQuality {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly min: number | null;
  readonly max: number | null;
}

/** What an app made of judgements when the row was written; kept once for many rows. */
export interface PolicyVersion {
  /** SHA-256, hex, over the content as JSON with sorted members. */
  readonly hash: string;
  readonly content: Readonly<Record<string, unknown>>;
}

/** One of several stills that were judged together. */
export interface StillRecord {
  /** Of its bytes, hex. */
  readonly sha256: string;
  readonly bytes: number;
  /** `bytes`, or `url:` and the url's host. */
  readonly source: string;
  /** Null where the request was refused before it was judged. */
  readonly verdict: string | null;
  readonly rawScore: number | null;
}

/** Why a row says what it says. */
export interface Explanation {
  readonly api: 'legacy' | 'v1';
  /** HTTP status that was answered. */
  readonly http: number;
  /** livestill's version. */
  readonly version: string;
  readonly profile: string | null;
  /** Score above which a picture was taken for live. */
  readonly threshold: number | null;
  readonly policy: PolicyVersion | null;
  /** Probability of a bona fide presentation at equal priors, 0-1. */
  readonly liveProbability: number | null;
  /**
   * The networks did not back the verdict; null where no picture was judged, and in rows of versions that did
   * not say.
   */
  readonly review: boolean | null;
  /** Faces found in the picture. */
  readonly faceCount: number | null;
  /** The quality values outside of their limits. */
  readonly quality: readonly DecidingQuality[];
  /**
   * Value by name of the components that capture presets limit; null without a face, and in rows of versions
   * that did not keep them.
   */
  readonly measured: Readonly<Record<string, number>> | null;
  /** Model name → SHA-256 of its card. */
  readonly cards: Readonly<Record<string, string>>;
  /** The caller's own reference for the person or case; opaque. */
  readonly reference: string | null;
  /** Every still in order, where several were judged together. */
  readonly stills?: readonly StillRecord[];
}

/** One request, as it is kept for the auditor. The picture itself is never part of it. */
export interface LedgerRow {
  readonly kind: RowKind;
  /** How many requests the row stands for: 1, or more where refusals were counted. */
  readonly requests: number;
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
  /** Null in rows of versions that did not keep it. */
  readonly explanation: Explanation | null;
}

/** Where decisions are kept. */
export interface Ledger {
  /**
   * Resolves only when the row is on disk (group commit: many rows share one sync). Rejects with a `Fault`
   * `state_unavailable` when it cannot be written; the caller then answers that fault instead of the
   * judgement.
   */
  append(row: LedgerRow): Promise<void>;
}

/** A row as it lies in the ledger: numbered in the order it was written, never numbered again. */
export interface StoredLedgerRow extends LedgerRow {
  readonly id: number;
  /** Its place in the chain, SHA-256 in hex; null in rows of versions without a chain. */
  readonly hash: string | null;
}

/** Which rows are wanted; a member left out does not narrow. Times: `since` included, `until` not. */
export interface LedgerFilter {
  readonly since?: Date | undefined;
  readonly until?: Date | undefined;
  readonly appid?: string | undefined;
  readonly requestId?: string | undefined;
  readonly pictureSha256?: string | undefined;
  readonly reference?: string | undefined;
  readonly kind?: RowKind | undefined;
  readonly verdict?: Verdict | undefined;
}

/** A place in the order of the rows: by time, and among rows of the same time by number. */
export type LedgerPlace = Pick<StoredLedgerRow, 'at' | 'id'>;

/**
 * Reading and shortening the ledger. Rejects with a `Fault` `state_unavailable` when the store does not
 * answer.
 */
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
   * Delete the rows older than `before`, and what else was kept of requests from before then (kept answers),
   * a bounded number at a time; how many rows of the ledger went.
   */
  prune(before: Date): Promise<number>;
}

/** What is known of the clock by which records are let go. See `record-clock.ts`. */
export interface RecordClock {
  /** The time by which old records are told, ms since 1970: the clock's, or behind it after a jump. */
  readonly time: number;
  /** What the clock showed when it was last looked at, ms since 1970. */
  readonly wall: number;
  /**
   * The last jump: when it was seen, by the clock as it was then, and by how many ms (negative: back); null:
   * none was seen.
   */
  readonly jump: { readonly at: number; readonly byMs: number } | null;
}

/** Letting go of what is over. Rejects with a `Fault` `state_unavailable` when the store does not answer. */
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
  /**
   * Deletes what ended by `now` on its own account: kept answers, used signatures, daily counts. How many
   * rows went.
   */
  sweep(now: number): Promise<number>;
}

/** What an erasure is asked by; exactly one member. */
export type ErasureTarget =
  | { readonly pictureSha256: string }
  | { readonly requestId: string }
  | { readonly reference: string };

/** What was erased, fit to be shown to the person who asked. */
export interface Erasure {
  readonly at: Date;
  /** What remains of each row: its place in the chain, and nothing of its content. */
  readonly tombstones: readonly Tombstone[];
  /** Kept answers (`Idempotency-Key`) that went with them. */
  readonly keptAnswers: number;
  /** Sessions of the camera component, with their calls to webhooks. */
  readonly sessions: number;
  /** Rows of batches in the store, those without a row of the ledger too. */
  readonly batchRows: number;
  /** Results of batches that they were also in, elsewhere than in the store. */
  readonly results: readonly ErasedResults[];
}

/** Results of a batch that rows were erased from, which are to be written anew where they were written. */
export interface ErasedResults {
  readonly batchId: string;
  /** `s3://…` as the batch was ordered with; null: the store does not know the batch any more. */
  readonly to: string | null;
}

/**
 * The chain behind ledger and admin log. Rejects with a `Fault` `state_unavailable` when the store does not
 * answer.
 */
export interface Chains {
  /** The chains there are; with a row's number those that a row of that number would be in. */
  names(rowId?: number): Promise<readonly ChainName[]>;
  /** Goes through a chain, the whole or the rows `from` to `to` by number, and says what it found. */
  verify(
    chain: ChainName,
    range?: { readonly from?: number | undefined; readonly to?: number | undefined },
  ): Promise<Verification>;
  /** Signs the state of a chain now; null while it has no row. */
  head(chain: ChainName): Promise<(Checkpoint & { readonly publicKey: string }) | null>;
  /**
   * The hash of a row, or where a deleted range ends with it; `deleted` inside of such a range; null where
   * nothing is known.
   */
  hashAt(chain: ChainName, rowId: number): Promise<string | 'deleted' | null>;
  erase(target: ErasureTarget): Promise<Erasure>;
  /**
   * How many records beside the rows of the ledger an erasure would find by itself: sessions, kept answers,
   * rows of batches, whether they have a row in the ledger or not.
   */
  countBeside(target: ErasureTarget): Promise<number>;
  /** Changes by operators, newest first, at most `limit` (1-1000). */
  adminLog(limit: number, filter?: AdminFilter): Promise<readonly StoredAdminEntry[]>;
  /** Remember what an operator did outside of accounts (configuration at start, export). */
  note(entry: AdminEntry): Promise<void>;
}
