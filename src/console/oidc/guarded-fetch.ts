/** A provider is not asked for more than this, in bytes: its answers are a few kilobytes. */
const MOST_BYTES = 1024 * 1024;

/** The provider did not answer, or with an error of its own. */
export class ProviderAway extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ProviderAway';
  }
}

/** What a request to a provider is made with. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/**
 * Asks some origins alone, whatever a discovery document names, follows no redirects and reads a bounded
 * answer.
 * @param fetch the network
 * @param origins `https://id.example.org`
 * @throws {ProviderAway} no answer, or one of 500 and above
 * @throws {Error} another origin, a redirect, an answer that is too long
 */
export function guardedFetch(fetch: Fetch, origins: readonly string[]): Fetch {
  return async (url, init) => {
    const { origin, host } = new URL(url);
    if (!origins.includes(origin))
      throw new Error(`the provider names ${origin}, which console.oidc.origins does not have`);
    const response = await fetch(url, { ...init, redirect: 'manual' }).catch((error: unknown) => {
      throw new ProviderAway(`${host} does not answer: ${reasonOf(error)}`, { cause: error });
    });
    if (response.status >= 500) {
      await response.body?.cancel();
      throw new ProviderAway(`${host} answered ${response.status}`);
    }
    if (response.status >= 300 && response.status < 400) {
      await response.body?.cancel();
      throw new Error(`${host} answered with a redirect`);
    }
    const body = await bounded(response, host);
    const headers = new Headers(response.headers);
    // The body has been decoded.
    headers.delete('content-encoding');
    headers.delete('content-length');
    return new Response(response.status === 204 ? null : body, { status: response.status, headers });
  };
}

async function bounded(response: Response, host: string): Promise<Blob> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  try {
    for await (const part of response.body ?? []) {
      length += part.length;
      if (length > MOST_BYTES) break;
      parts.push(part as Uint8Array<ArrayBuffer>);
    }
  } catch (error) {
    throw new ProviderAway(`${host} stopped within its answer: ${reasonOf(error)}`, { cause: error });
  }
  if (length > MOST_BYTES) throw new Error(`${host} answered more than ${MOST_BYTES} bytes`);
  return new Blob(parts);
}

/** The messages of an error and of what caused it, for a log; nothing that an answer held. */
export function reasonOf(error: unknown): string {
  const words: string[] = [];
  for (let one = error, depth = 0; one instanceof Error && depth < 5; one = one.cause, depth++) {
    const { code } = one as { readonly code?: unknown };
    words.push(typeof code === 'string' ? `${one.message} (${code})` : one.message);
  }
  return words.length === 0 ? 'unknown' : [...new Set(words)].join(': ').slice(0, 500);
}
