/**
 * A refusal or failure with its place in the catalogue. `code` is the wire code (see the catalogue), `reason` a short
 * constant for logs, metrics and `X-Liveness-Reason` (`too_large`, `private_address`, …), `message` the precise English
 * text for the operator's log; it never goes to the caller of the legacy endpoint.
 */
export class Fault extends Error {
  readonly code: number;
  readonly reason: string;
  /** Seconds after which another try makes sense; sets `Retry-After`. */
  readonly retryAfter: number | undefined;

  constructor(
    code: number,
    reason: string,
    message: string,
    options: { readonly cause?: unknown; readonly retryAfter?: number } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'Fault';
    this.code = code;
    this.reason = reason;
    this.retryAfter = options.retryAfter;
  }
}
