import {
  type Answer,
  attempt,
  type CallOptions,
  retryAfter,
  type TransportOptions,
  withoutSlashes,
  withRetries,
} from './attempt.ts';
import { ApiError, InputError } from './errors.ts';
import { type Picture, ready, readyTogether } from './picture.ts';
import {
  type Check,
  isBatch,
  isBatchList,
  isBatchResults,
  isLiveness,
  isNewSession,
  isOperatingPoints,
  isSession,
  isTogether,
} from './shapes.ts';
import type {
  Batch,
  BatchList,
  BatchRequest,
  BatchResults,
  Liveness,
  LivenessTogether,
  NewSession,
  OperatingPoints,
  Session,
  SessionRequest,
} from './types.ts';

/** How a client is made. */
export interface LivestillClientOptions extends TransportOptions {
  /** Where the service is: `https://liveness.example.org`. */
  readonly baseUrl: string;
  /** An API key: `lsk_…`. Keep it out of web pages and apps that others can take apart. */
  readonly apiKey: string;
  /** Language of the reasons: `en` (default) or `zh`. */
  readonly language?: string;
  /** Most bytes that are read of a stream; 32 MiB. */
  readonly maxPictureBytes?: number;
}

/** What one judgement may decide for itself. */
export interface JudgeOptions extends CallOptions {
  /**
   * Names this request, so that a repeated one is not judged again. Made anew for each call where nothing is
   * given, so that the retries of one call are one request; null: none is sent.
   */
  readonly idempotencyKey?: string | null;
  readonly language?: string;
  /**
   * Your own reference for the person or case, 1 to 128 printable ASCII characters: kept with the decision,
   * so that it can be found and erased.
   */
  readonly reference?: string;
}

/**
 * A client of the v1 API. Works where `fetch` does: Node, Deno, Bun, browsers.
 *
 * @example
 * const client = new LivestillClient({ baseUrl: 'http://127.0.0.1:8787', apiKey: 'lsk_…' });
 * const { verdict, reasons } = await client.judge(file);
 */
export class LivestillClient {
  readonly #options: LivestillClientOptions;

  /** @throws {InputError} when `baseUrl` is no http or https address, or `apiKey` is missing */
  constructor(options: LivestillClientOptions) {
    if (!/^https?:\/\/[^/]/i.test(options.baseUrl)) {
      throw new InputError('baseUrl must be an http or https address');
    }
    if (!options.apiKey) throw new InputError('apiKey is missing');
    this.#options = options;
  }

  /**
   * Judges one picture. A picture without a face, or one too poor to judge, is an answer and no error.
   * @throws {ApiError} when the service answers with a problem
   * @throws {ConnectionError} when it cannot be reached
   * @throws {TimeoutError} when it does not answer in time
   * @throws {InputError} when the picture or an option cannot be used
   * @throws {unknown} the reason of an aborted signal
   */
  async judge(picture: Picture, options: JudgeOptions = {}): Promise<Liveness> {
    const { bytes, url } = await ready(picture, this.#limit);
    const type = url === undefined ? 'application/octet-stream' : 'application/json';
    const headers = { 'content-type': type, ...this.#headersOf(options) };
    const body = bytes ?? JSON.stringify({ url });
    return this.#call('liveness', isLiveness, { method: 'POST', headers, body }, options);
  }

  /**
   * Judges two to five stills of one moment together, in the order in which they were taken: pictures, or
   * urls of them, not both.
   * @throws {ApiError} as `judge`, and its other errors
   */
  async judgeTogether(pictures: readonly Picture[], options: JudgeOptions = {}): Promise<LivenessTogether> {
    const { body, type } = await readyTogether(pictures, this.#limit);
    const headers = { ...(type === undefined ? {} : { 'content-type': type }), ...this.#headersOf(options) };
    return this.#call('liveness', isTogether, { method: 'POST', headers, body }, options);
  }

  get #limit(): number {
    return this.#options.maxPictureBytes ?? 2 ** 25;
  }

  #headersOf(options: JudgeOptions): Record<string, string> {
    const { idempotencyKey = freshKey(), language = this.#options.language, reference } = options;
    return {
      ...(language ? { 'accept-language': language } : {}),
      ...(idempotencyKey === null ? {} : { 'idempotency-key': idempotencyKey }),
      ...(reference === undefined ? {} : { 'x-reference': reference }),
    };
  }

  /**
   * Measured error rates by threshold; the key needs the scope `read:operating-points`.
   * @throws {ApiError} as `judge`, and its other errors
   */
  operatingPoints(options: CallOptions = {}): Promise<OperatingPoints> {
    return this.#call('operating-points', isOperatingPoints, { headers: {} }, options);
  }

  /**
   * Submits a batch; the key needs the scope `batch`, as for every call about batches. The retries of one
   * call make one batch.
   * @throws {ApiError} as `judge`, and its other errors
   */
  submitBatch(
    batch: BatchRequest,
    { idempotencyKey = freshKey(), ...options }: CallOptions & { readonly idempotencyKey?: string } = {},
  ): Promise<Batch> {
    const headers = { 'content-type': 'application/json', 'idempotency-key': idempotencyKey };
    return this.#call('batches', isBatch, { method: 'POST', headers, body: JSON.stringify(batch) }, options);
  }

  /**
   * The app's latest batches, newest first.
   * @throws {ApiError} as `judge`, and its other errors
   */
  batches(options: CallOptions = {}): Promise<BatchList> {
    return this.#call('batches', isBatchList, { headers: {} }, options);
  }

  /**
   * How far a batch is.
   * @throws {ApiError} as `judge`, and its other errors
   */
  batch(batchId: string, options: CallOptions = {}): Promise<Batch> {
    return this.#call(`batches/${encodeURIComponent(batchId)}`, isBatch, { headers: {} }, options);
  }

  /**
   * A page of results by row, those behind row `after`; while a batch runs, rows before it may still come.
   * @throws {ApiError} as `judge`, and its other errors
   */
  batchResults(
    batchId: string,
    {
      after = 0,
      limit = 1000,
      ...options
    }: CallOptions & { readonly after?: number; readonly limit?: number } = {},
  ): Promise<BatchResults> {
    const path = `batches/${encodeURIComponent(batchId)}/results?after=${after}&limit=${limit}`;
    return this.#call(path, isBatchResults, { headers: {} }, options);
  }

  /**
   * Pauses a batch, goes on with it, or lets go of what is not judged yet.
   * @throws {ApiError} as `judge`, `batch_over` where it is over, and its other errors
   */
  changeBatch(batchId: string, to: 'pause' | 'resume' | 'cancel', options: CallOptions = {}): Promise<Batch> {
    const path = `batches/${encodeURIComponent(batchId)}/${to}`;
    return this.#call(path, isBatch, { method: 'POST', headers: {} }, options);
  }

  /**
   * Makes a session for a page with the camera component; the key needs the scope `sessions` or `judge`.
   * @throws {ApiError} as `judge`, and its other errors
   */
  createSession(request: SessionRequest = {}, options: CallOptions = {}): Promise<NewSession> {
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify(request);
    return this.#call('sessions', isNewSession, { method: 'POST', headers, body }, options);
  }

  /**
   * Reads a session: what became of it.
   * @throws {ApiError} as `judge`, and its other errors
   */
  getSession(sessionId: string, options: CallOptions = {}): Promise<Session> {
    return this.#call(`sessions/${encodeURIComponent(sessionId)}`, isSession, { headers: {} }, options);
  }

  /**
   * Ends a session that is not over.
   * @throws {ApiError} as `judge`, and its other errors
   */
  cancelSession(sessionId: string, options: CallOptions = {}): Promise<Session> {
    const path = `sessions/${encodeURIComponent(sessionId)}/cancel`;
    return this.#call(path, isSession, { method: 'POST', headers: {} }, options);
  }

  async #call<T>(
    path: string,
    check: Check<T>,
    init: RequestInit & { readonly headers: Record<string, string> },
    { signal, timeout = this.#options.timeout ?? 30_000 }: CallOptions,
  ): Promise<T> {
    const { baseUrl, apiKey, fetch: send = fetch } = this.#options;
    const url = `${withoutSlashes(baseUrl)}/v1/${path}`;
    const request = { ...init, headers: { ...init.headers, authorization: `Bearer ${apiKey}` } };
    const answer = await withRetries(
      () => attempt(send, url, request, timeout, signal),
      this.#options,
      signal,
    );
    const parsed = parse(answer.text);
    if ((answer.status === 200 || answer.status === 201) && parsed !== null && check(parsed)) return parsed;
    throw apiError(answer, parsed);
  }
}

/** A random name for a request. `randomUUID` would be missing on pages without TLS. */
function freshKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');
}

/** The JSON object of an answer; null where it is none: a proxy's error page. */
export function parse(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && !Array.isArray(parsed) ? (parsed as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

function apiError(
  { status, headers, text }: Answer,
  problem: Readonly<Record<string, unknown>> | null,
): ApiError {
  // What a proxy or a login page answers with 200 may have members of these names too.
  const member = (name: string) => {
    const value = status === 200 ? undefined : problem?.[name];
    return typeof value === 'string' ? value : undefined;
  };
  return new ApiError({
    status,
    code: member('code') ?? 'unexpected_answer',
    message:
      member('detail') ??
      member('title') ??
      `Expected an answer of livestill, found HTTP ${status}: ${text.slice(0, 200)}`,
    reason: member('reason'),
    action: member('action'),
    requestId: headers.get('x-request-id') ?? undefined,
    retryAfter: retryAfter(headers),
  });
}
