import type { IncomingHttpHeaders } from 'node:http';

/**
 * Which web pages may read replies: none (the default), those of the listed origins, or all (`*` in the
 * list).
 */
export interface CorsSettings {
  readonly origins: readonly string[];
}

const METHODS = 'POST';
const REQUEST_HEADERS = 'authorization, content-type, x-request-id';
const REPLY_HEADERS = 'x-request-id, x-liveness-reason, x-liveness-raw-score, x-liveness-faces, retry-after';

/**
 * The CORS headers of a reply. Empty while no origin is configured. With a list, `Vary: Origin` stands in
 * every reply, so that a cache never gives one origin's reply to another (Fetch standard, CORS protocol and
 * HTTP caches).
 */
export function corsHeaders(
  settings: CorsSettings,
  headers: IncomingHttpHeaders,
): Readonly<Record<string, string>> {
  if (settings.origins.length === 0) return {};
  const any = settings.origins.includes('*');
  const vary: Record<string, string> = any ? {} : { vary: 'origin' };
  const origin = headers.origin;
  if (origin === undefined || !(any || settings.origins.includes(origin))) return vary;
  return {
    ...vary,
    'access-control-allow-origin': any ? '*' : origin,
    'access-control-expose-headers': REPLY_HEADERS,
  };
}

/** Whether this is a browser's question before the real request, from an origin that is allowed. */
export function isAllowedPreflight(
  settings: CorsSettings,
  method: string | undefined,
  headers: IncomingHttpHeaders,
): boolean {
  return (
    method === 'OPTIONS' &&
    headers['access-control-request-method'] !== undefined &&
    corsHeaders(settings, headers)['access-control-allow-origin'] !== undefined
  );
}

/** What a preflight answer says on top; `maxAge` in seconds is how long the browser may remember it. */
export const PREFLIGHT_HEADERS: Readonly<Record<string, string>> = {
  'access-control-allow-methods': METHODS,
  'access-control-allow-headers': REQUEST_HEADERS,
  'access-control-max-age': '600',
};
