import { signal } from '@preact/signals';
import { language } from './i18n/index.ts';

/** A problem that the service answered, or that kept it from answering. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly action: string;
  readonly requestId: string;
  readonly retryAfter: number | null;

  constructor(status: number, body: Readonly<Record<string, unknown>>, retryAfter: number | null = null) {
    const text = (name: string) => (typeof body[name] === 'string' ? (body[name] as string) : '');
    super(text('detail') || text('title') || `HTTP ${status}`);
    this.name = 'ApiError';
    this.status = status;
    this.code = text('code') || 'unknown';
    this.title = text('title');
    this.action = text('action');
    this.requestId = text('requestId');
    this.retryAfter = retryAfter;
  }
}

/** Whether the service answers: false from the first call that gets no answer to the first that gets one. */
export const isReachable = signal(true);

/** Counts how often the service came back: pages load anew what they show. */
export const comebacks = signal(0);

/** Asked for with every change; from `GET /admin/v1/me`. */
let csrfToken = '';

/** Remembers the token that changes need. */
export function useCsrfToken(token: string): void {
  csrfToken = token;
}

/** Called when a call was refused because nobody is signed in any more. */
export const onSignedOut: { current: () => void } = { current: () => {} };

/** Called when an action asks who sits there: true once that was shown, false where it was not. */
export const onProofNeeded: { current: () => Promise<boolean> } = { current: async () => false };

/** What a call may carry. */
export interface CallOptions {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as it is. */
  readonly blob?: Blob;
  readonly form?: FormData;
  readonly signal?: AbortSignal;
}

/**
 * Calls the admin API.
 * @throws {ApiError} what the service answered in place of a result; `unreachable` where it did not answer
 * @throws {DOMException} AbortError
 */
export async function call<T>(path: string, options: CallOptions = {}): Promise<T> {
  const { method = 'GET', json, blob, form, signal: given } = options;
  const headers: Record<string, string> = { 'accept-language': language.value === 'zh' ? 'zh-CN' : 'en' };
  if (method !== 'GET') headers['x-csrf-token'] = csrfToken;
  if (json !== undefined) headers['content-type'] = 'application/json';
  if (blob !== undefined) headers['content-type'] = blob.type || 'application/octet-stream';
  const body = form ?? blob ?? (json === undefined ? null : JSON.stringify(json));
  let response: Response;
  let text: string;
  try {
    response = await fetch(`/admin/v1${path}`, {
      method,
      headers,
      body,
      credentials: 'same-origin',
      ...(given === undefined ? {} : { signal: given }),
    });
    // A service that ends in the middle of an answer did not answer.
    text = await response.text();
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    lose();
    throw new ApiError(0, { code: 'unreachable' });
  }
  if (!isReachable.value) regain();
  const answer = parsed(text);
  if (response.ok) return answer as T;
  const wait = Number(response.headers.get('retry-after') ?? Number.NaN);
  const problem = new ApiError(response.status, answer ?? {}, Number.isFinite(wait) ? wait : null);
  if (problem.code === 'sign_in_needed') onSignedOut.current();
  if (problem.code === 'proof_needed' && (await onProofNeeded.current())) return call<T>(path, options);
  throw problem;
}

function parsed(text: string): Readonly<Record<string, unknown>> | null {
  try {
    return JSON.parse(text) as Readonly<Record<string, unknown>>;
  } catch {
    return null;
  }
}

let asking: ReturnType<typeof setInterval> | undefined;

/** From here on the service is asked every two seconds whether it is back. */
function lose(): void {
  isReachable.value = false;
  asking ??= setInterval(() => {
    fetch('/healthz').then(regain, () => {});
  }, 2000);
}

function regain(): void {
  clearInterval(asking);
  asking = undefined;
  if (isReachable.value) return;
  isReachable.value = true;
  comebacks.value += 1;
}
