import type { Series, SessionAccess, UploadedDetail } from './types.ts';

/** What ends an upload: `session_over` needs a new session, `upload_failed` may work when tried again. */
export class UploadError extends Error {
  readonly kind: 'session_over' | 'upload_failed';

  constructor(kind: UploadError['kind']) {
    super(kind);
    this.name = 'UploadError';
    this.kind = kind;
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

/** Tries of one call, and the first pause between two, in milliseconds; it doubles. */
const TRIES = 5;
const PAUSE = 400;
const PASSING = [408, 429, 500, 502, 503, 504];

/**
 * Sends stills to a session. The key that binds them to this page is made here, lives in its memory alone and
 * is gone with it.
 */
export class SessionUpload {
  readonly access: SessionAccess;
  readonly #secret = crypto.getRandomValues(new Uint8Array(32));
  #key: CryptoKey | null = null;

  constructor(access: SessionAccess) {
    this.access = access;
  }

  /**
   * Sends a series, one still after the other; what the service had already is not sent again.
   * @param sent called with how many of how many are there
   * @throws UploadError; the signal's reason
   */
  async send(
    { stills, facts }: Series,
    lang: string,
    sent: (count: number, of: number) => void,
    signal: AbortSignal,
  ): Promise<UploadedDetail> {
    const hash = { name: 'HMAC', hash: 'SHA-256' };
    this.#key ??= await crypto.subtle.importKey('raw', this.#secret, hash, false, ['sign']);
    const json = { 'content-type': 'application/json' };
    const key = JSON.stringify({ key: encode(this.#secret) });
    let now = await this.#call('start', { ...json, 'accept-language': lang }, key, signal);
    const wanted = stills.slice(0, now.stillsLeft);
    for (const [index, still] of wanted.entries()) {
      if (now.nonce === null) throw new UploadError('session_over');
      const { width, height, takenAfter } = facts.stills[index];
      const told = JSON.stringify({ label: facts.camera.label.slice(0, 200), width, height, takenAfter });
      const header = encode(new TextEncoder().encode(told));
      const headers = {
        'content-type': 'image/jpeg',
        'accept-language': lang,
        'livestill-nonce': now.nonce,
        'livestill-facts': header,
        'livestill-mac': await this.#mac(now.nonce, header, still),
      };
      now = await this.#call('stills', headers, still, signal);
      sent(index + 1, wanted.length);
    }
    // Fewer stills than the session asks for: the rest of the try is still to come.
    const state = now.state === 'more' ? 'again' : now.state;
    return { state, triesLeft: now.triesLeft, hints: now.hints };
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
      const init: RequestInit = { method: 'POST', headers: all, body, signal, credentials: 'omit' };
      const response = await fetch(`${url}/${path}`, init).catch(() => null);
      signal.throwIfAborted();
      if (response?.ok) return (await response.json()) as Progress;
      if (response !== null && !PASSING.includes(response.status)) {
        const { reason } = (await response.json().catch(() => ({}))) as { reason?: string };
        if (reason !== 'judging') throw new UploadError('session_over');
      }
      if (left === 0) throw new UploadError('upload_failed');
      const asked = Number(response?.headers.get('retry-after') ?? 0) * 1000;
      await new Promise((resolve) => setTimeout(resolve, Math.max(pause, Math.min(asked, 10_000))));
      signal.throwIfAborted();
    }
  }
}

/** Base64url without padding. */
function encode(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '');
}
