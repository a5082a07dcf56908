import type { ErrorKind } from './kinds.ts';
import type { Series, SessionAccess, UploadedDetail } from './types.ts';

/** What ends an upload. `session_over` and `session_refused` need a new session; the others may work when tried again. */
export class UploadError extends Error {
  readonly kind: ErrorKind & ('session_over' | 'session_refused' | 'upload_failed' | 'service_busy');
  /** The `reason` of the service's last answer, or its status; null where nothing was answered. */
  readonly reason: string | null;

  constructor(kind: UploadError['kind'], reason: string | null = null) {
    super(kind);
    this.name = 'UploadError';
    this.kind = kind;
    this.reason = reason;
  }
}

/** What the service tells the page after each call. */
interface Progress {
  readonly state: 'more' | UploadedDetail['state'];
  readonly nonce: string | null;
  readonly stillsLeft: number;
  readonly triesLeft: number;
  readonly hints: UploadedDetail['hints'];
}

/** A series on its way: how many of how many stills the service has, and what it said last. */
interface Sending {
  readonly series: Series;
  readonly wanted: number;
  sent: number;
  now: Progress;
}

/** Tries of one call, and the first pause between two, in milliseconds; it doubles. */
const TRIES = 5;
const PAUSE = 400;
const PASSING = [408, 429, 500, 502, 503, 504];
/** Milliseconds that one call may take: a large still on a slow mobile connection needs a minute. */
const PATIENCE = 90_000;

/**
 * Sends stills to a session. The key that binds them to this page is made here, lives in its memory alone and
 * is gone with it.
 */
export class SessionUpload {
  readonly access: SessionAccess;
  readonly #secret = crypto.getRandomValues(new Uint8Array(32));
  #key: CryptoKey | null = null;
  #sending: Sending | null = null;

  constructor(access: SessionAccess) {
    this.access = access;
  }

  /**
   * Sends a series, one still after the other. The same series again goes on where it broke off.
   * @param sent called with how many of how many are there
   * @throws UploadError; the signal's reason
   */
  async send(
    series: Series,
    lang: string,
    sent: (count: number, of: number) => void,
    signal: AbortSignal,
  ): Promise<UploadedDetail> {
    const hash = { name: 'HMAC', hash: 'SHA-256' };
    this.#key ??= await crypto.subtle.importKey('raw', this.#secret, hash, false, ['sign']);
    if (this.#sending?.series !== series) {
      const json = { 'content-type': 'application/json', 'accept-language': lang };
      const now = await this.#call('start', json, JSON.stringify({ key: encode(this.#secret) }), signal);
      this.#sending = { series, wanted: Math.min(series.stills.length, now.stillsLeft), sent: 0, now };
    }
    const sending = this.#sending;
    while (sending.sent < sending.wanted) {
      sending.now = await this.#sendNext(sending, lang, signal);
      sending.sent += 1;
      sent(sending.sent, sending.wanted);
    }
    this.#sending = null;
    const { state, triesLeft, hints } = sending.now;
    // Fewer stills than the session asks for: the rest of the try is still to come.
    return { state: state === 'more' ? 'again' : state, triesLeft, hints };
  }

  async #sendNext({ series, sent, now }: Sending, lang: string, signal: AbortSignal): Promise<Progress> {
    const { stills, facts } = series;
    if (now.nonce === null) throw new UploadError('session_over');
    const { width, height, takenAfter } = facts.stills[sent];
    const told = JSON.stringify({ label: facts.camera.label.slice(0, 200), width, height, takenAfter });
    const header = encode(new TextEncoder().encode(told));
    const headers = {
      'content-type': 'image/jpeg',
      'accept-language': lang,
      'livestill-nonce': now.nonce,
      'livestill-facts': header,
      'livestill-mac': await this.#mac(now.nonce, header, stills[sent]),
    };
    return this.#call('stills', headers, stills[sent], signal);
  }

  async #mac(nonce: string, facts: string, still: Blob): Promise<string> {
    const id = new URL(this.access.url, location.href).pathname.split('/').pop();
    const text = new TextEncoder().encode(`livestill-still-1\n${id}\n${nonce}\n${facts}\n`);
    const bytes = new Uint8Array(await new Blob([text, still]).arrayBuffer());
    return encode(new Uint8Array(await crypto.subtle.sign('HMAC', this.#key as CryptoKey, bytes)));
  }

  async #call(
    path: string,
    headers: Readonly<Record<string, string>>,
    body: Blob | string,
    signal: AbortSignal,
  ): Promise<Progress> {
    const { url, token } = this.access;
    const all = { ...headers, authorization: `Bearer ${token}` };
    for (let left = TRIES - 1, pause = PAUSE; ; left--, pause *= 2) {
      const init: RequestInit = { method: 'POST', headers: all, body, credentials: 'omit' };
      const answer = await answerOf(`${url}/${path}`, init, signal);
      signal.throwIfAborted();
      if (answer === null) {
        if (left === 0) throw new UploadError('upload_failed');
      } else {
        if (answer.ok) return answer.json as unknown as Progress;
        const reason = String(answer.json.reason ?? answer.status);
        if (!PASSING.includes(answer.status) && reason !== 'judging') {
          throw new UploadError(reason === 'over' ? 'session_over' : 'session_refused', reason);
        }
        if (left === 0) throw new UploadError('service_busy', reason);
      }
      const asked = Math.min(answer?.retryAfter ?? 0, 10) * 1000;
      await new Promise((resolve) => setTimeout(resolve, Math.max(pause, asked)));
      signal.throwIfAborted();
    }
  }
}

/** One answer of the service. */
interface Answer {
  readonly ok: boolean;
  readonly status: number;
  /** In seconds. */
  readonly retryAfter: number;
  readonly json: Readonly<Record<string, unknown>>;
}

/** Calls once; null where nothing came back, or not the whole of it. */
async function answerOf(url: string, init: RequestInit, signal: AbortSignal): Promise<Answer | null> {
  const ending = new AbortController();
  const end = () => ending.abort();
  const timer = setTimeout(end, PATIENCE);
  signal.addEventListener('abort', end);
  try {
    const response = await fetch(url, { ...init, signal: ending.signal });
    const { ok, status, headers } = response;
    const json = await (ok ? response.json() : response.json().catch(() => ({})));
    return { ok, status, json: json ?? {}, retryAfter: Number(headers.get('retry-after') ?? 0) || 0 };
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
  }
}

/** Base64url without padding. */
function encode(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '');
}
