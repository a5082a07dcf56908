import type { IncomingMessage, ServerResponse } from 'node:http';

/** One request on its way through the server. */
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
  /**
   * Answers `Expect: 100-continue`, where the caller asked for it: called when the body is wanted, and not
   * before.
   */
  readonly wantBody: () => void;
}

/**
 * A request as its API sees it.
 * @param waiting requests whose callers wait to be asked for the body
 */
export function exchangeOf(
  request: IncomingMessage,
  response: ServerResponse,
  known: {
    readonly requestId: string;
    readonly callerAddress: string;
    readonly waiting: WeakSet<IncomingMessage>;
  },
): Exchange {
  const { requestId, callerAddress, waiting } = known;
  // Most refusals are out before anything waits for the caller: what tells of its leaving is made for those
  // who ask.
  let gone: AbortController | undefined;
  let left = false;
  response.once('close', () => {
    left = !response.writableFinished;
    if (left) gone?.abort();
  });
  return {
    request,
    requestId,
    callerAddress,
    startedAt: performance.now(),
    get gone() {
      return left;
    },
    get signal() {
      if (gone === undefined) {
        gone = new AbortController();
        if (left) gone.abort();
      }
      return gone.signal;
    },
    wantBody: () => {
      if (waiting.delete(request)) response.writeContinue();
    },
  };
}
