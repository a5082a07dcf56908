import type { IncomingMessage } from 'node:http';
import type { Envelope } from './envelope.ts';
import type { Face } from './face.ts';
import { namesOneHost } from './host-header.ts';
import { httpFaultEnvelope } from './http-faults.ts';

/**
 * What is refused, or answered, before anything looks at the body; null lets the request through to its API.
 */
export function refuseEarly(
  request: IncomingMessage,
  face: Face | undefined,
  { maxHeaders, draining }: { readonly maxHeaders: number; readonly draining: boolean },
): Envelope | null {
  if (request.rawHeaders.length > maxHeaders * 2) return httpFaultEnvelope('headers_too_large');
  if (!namesOneHost(request)) return httpFaultEnvelope('no_host');
  if (hasDoubtfulLength(request)) return httpFaultEnvelope('bad_request');
  if (draining) return httpFaultEnvelope('draining', { 'retry-after': '1' });
  if (face === undefined) return httpFaultEnvelope('not_found');
  return face.early?.(request) ?? null;
}

/**
 * Whether a proxy in front might see the body end elsewhere (RFC 9112 §6.1, §6.3): chunks in HTTP/1.0, chunks
 * and a length, any coding but plain `chunked`. The parser refuses most of these by itself.
 */
function hasDoubtfulLength({ headers, httpVersion }: IncomingMessage): boolean {
  const coding = headers['transfer-encoding'];
  if (coding === undefined) return false;
  return (
    httpVersion !== '1.1' || headers['content-length'] !== undefined || !/^chunked$/i.test(coding.trim())
  );
}

/** Whether the caller offers to go on in another protocol (RFC 9110 §7.8), as some clients do for HTTP/2. */
export function offersUpgrade({ headers }: IncomingMessage): boolean {
  return headers.upgrade !== undefined && /upgrade/i.test(headers.connection ?? '');
}
