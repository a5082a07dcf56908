import { ConnectionError, InputError, TimeoutError } from './errors.ts';

/** How requests are made; all times in ms. */
export interface TransportOptions {
  /** How long one try may take; 30 000. */
  readonly timeout?: number;
  /** Tries after the first; 2. */
  readonly maxRetries?: number;
  /**
   * Longest pause between two tries; 20 000. Where `Retry-After` asks for more, the error is thrown at once.
   */
  readonly maxRetryDelay?: number;
  /** Another `fetch`: a proxy's, a test's. */
  readonly fetch?: typeof fetch;
}

/** One call's own wishes. */
export interface CallOptions {
  /** Ends the call, its pauses included; it then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** As of the client, for this call. */
  readonly timeout?: number;
}

/** An answer read to its end. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** First pause between two tries, at most, in ms; doubles with every further one. */
const FIRST_DELAY_MS = 500;

/**
 * These say that the same request may succeed later: timeout, in progress, too many, and failures of the
 * server's side.
 */
const PASSING = [408, 409, 429, 500, 502, 503, 504];

/** One try: the answer, read to its end. */
export async function attempt(
  send: typeof fetch,
  url: string,
  init: RequestInit,
  timeout: number,
  signal: AbortSignal | undefined,
): Promise<Answer> {
  signal?.throwIfAborted();
  // Not AbortSignal.any, which browsers of 2023 lack.
  const stop = new AbortController();
  const leave = () => stop.abort(signal?.reason);
  signal?.addEventListener('abort', leave, { once: true });
  const late = new TimeoutError(`No answer within ${timeout} ms`);
  const timer = setTimeout(() => stop.abort(late), timeout);
  try {
    const response = await send(url, { ...init, signal: stop.signal });
    return { status: response.status, headers: response.headers, text: await response.text() };
  } catch (error) {
    signal?.throwIfAborted();
    // Fetch standard §2.9, in the words of undici: no request was made, and none ever will be.
    if (((error as Error).cause as Error | undefined)?.message === 'bad port') {
      throw new InputError(`fetch does not connect to the port of ${url}: serve on another one`);
    }
    throw stop.signal.aborted
      ? late
      : new ConnectionError(
          `The server at ${new URL(url).origin} cannot be reached: ${reasonOf(error)}`,
          error,
        );
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', leave);
  }
}

/** Why there is no connection: Node says so in the cause alone, browsers do not say. */
function reasonOf(error: unknown): string {
  const cause = (error as { readonly cause?: { readonly message?: string; readonly code?: string } }).cause;
  return cause?.message || cause?.code || String(error);
}

/**
 * Tries until an answer comes that does not pass, or tries are used up: then the last answer, or the last
 * error. Pauses grow exponentially with full jitter (M. Brooker, "Exponential Backoff And Jitter", AWS
 * Architecture Blog, 2015), and are never shorter than `Retry-After` says.
 */
export async function withRetries(
  make: () => Promise<Answer>,
  options: TransportOptions,
  signal: AbortSignal | undefined,
): Promise<Answer> {
  const { maxRetries = 2, maxRetryDelay = 20_000 } = options;
  for (let tries = 0; ; tries++) {
    let answer: Answer | undefined;
    let failure: unknown;
    try {
      answer = await make();
      if (!PASSING.includes(answer.status)) return answer;
    } catch (error) {
      failure = error;
      if (!(error instanceof ConnectionError || error instanceof TimeoutError)) throw error;
    }
    const asked = (answer && retryAfter(answer.headers)) ?? 0;
    if (tries >= maxRetries || asked * 1000 > maxRetryDelay) {
      if (answer === undefined) throw failure;
      return answer;
    }
    const jitter = Math.random() * Math.min(maxRetryDelay, FIRST_DELAY_MS * 2 ** tries);
    await pause(Math.min(maxRetryDelay, asked * 1000 + jitter), signal);
  }
}

/** A base url without the slashes at its end. */
export function withoutSlashes(baseUrl: string): string {
  let end = baseUrl.length;
  while (baseUrl[end - 1] === '/') end--;
  return baseUrl.slice(0, end);
}

/** Seconds that `Retry-After` asks for, given as a number or a date (RFC 9110 §10.2.3). */
export function retryAfter(headers: Headers): number | undefined {
  const value = headers.get('retry-after');
  if (value === null) return undefined;
  const seconds = /^\d+$/.test(value) ? Number(value) : (Date.parse(value) - Date.now()) / 1000;
  return Number.isNaN(seconds) ? undefined : Math.max(0, Math.ceil(seconds));
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const leave = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', leave);
      resolve();
    }, ms);
    signal?.addEventListener('abort', leave, { once: true });
    if (signal?.aborted) leave();
  });
}
