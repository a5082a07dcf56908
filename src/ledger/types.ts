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
