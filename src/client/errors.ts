/** Everything the clients throw, apart from the reason of an aborted signal. */
export class LivestillError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'LivestillError';
  }
}

/** What was handed over cannot be sent: no request was made. */
export class InputError extends LivestillError {
  override readonly name: string = 'InputError';
}

/** The server could not be reached, or the connection broke. */
export class ConnectionError extends LivestillError {
  override readonly name: string = 'ConnectionError';
}

/** No answer came in time. */
export class TimeoutError extends LivestillError {
  override readonly name: string = 'TimeoutError';
}

/** What an `ApiError` is made of. */
export interface ApiErrorParts {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly reason: string | undefined;
  readonly action: string | undefined;
  readonly requestId: string | undefined;
  readonly retryAfter: number | undefined;
}

/** The server refused the request, or failed: a problem (RFC 9457) of the v1 API. */
export class ApiError extends LivestillError {
  override readonly name: string = 'ApiError';
  /** HTTP status. */
  readonly status: number;
  /**
   * Stable code, such as `picture_unreadable`; `unexpected_answer` where something else than the API
   * answered.
   */
  readonly code: string;
  /** Why, within the code. */
  readonly reason: string | undefined;
  /** What to do. */
  readonly action: string | undefined;
  /** Names the request in the log of the server. */
  readonly requestId: string | undefined;
  /** Seconds after which another try makes sense. */
  readonly retryAfter: number | undefined;

  constructor(parts: ApiErrorParts) {
    super(parts.message);
    this.status = parts.status;
    this.code = parts.code;
    this.reason = parts.reason;
    this.action = parts.action;
    this.requestId = parts.requestId;
    this.retryAfter = parts.retryAfter;
  }
}

/** The old API answered with a code other than 0. */
export class LegacyError extends LivestillError {
  override readonly name: string = 'LegacyError';
  /** The code, such as 14 or -4015; see docs/reference/errors.md. */
  readonly code: number;
  readonly status: number;
  readonly requestId: string | undefined;
  readonly retryAfter: number | undefined;

  constructor(parts: {
    readonly code: number;
    readonly message: string;
    readonly status: number;
    readonly requestId: string | undefined;
    readonly retryAfter: number | undefined;
  }) {
    super(parts.message);
    this.code = parts.code;
    this.status = parts.status;
    this.requestId = parts.requestId;
    this.retryAfter = parts.retryAfter;
  }
}
