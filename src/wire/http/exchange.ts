import type { IncomingMessage } from 'node:http';

/** One request on its way through the wire room. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly requestId: string;
  /** The caller's IP address, as the trusted proxies tell it. */
  readonly callerAddress: string;
  /** `performance.now()` when the request's headers were complete. */
  readonly startedAt: number;
  /** Whether the caller went away before the answer was out. */
  readonly gone: boolean;
  /** Aborted when that happens. */
  readonly signal: AbortSignal;
  /** Answers `Expect: 100-continue`, where the caller asked for it: called when the body is wanted, and not before. */
  readonly wantBody: () => void;
}
