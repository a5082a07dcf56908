import type { IncomingMessage } from 'node:http';

/**
 * Host and port as RFC 3986 §3.2.2 writes them; an address in brackets, or a name; empty where the target has
 * no authority.
 */
const HOST = /^(?:\[[\da-f:.]+\]|[\w.~%!$&'()*+;=-]*)(?::\d{0,5})?$/i;

/**
 * Whether a request names its host as it must (RFC 9112 §3.2): in HTTP/1.1 in exactly one header, in HTTP/1.0
 * in one at most, and with one host in it. Two are how a request is smuggled past a proxy that reads the
 * other one.
 */
export function namesOneHost({ rawHeaders, httpVersion }: IncomingMessage): boolean {
  let found: string | undefined;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    if (rawHeaders[at]?.toLowerCase() !== 'host') continue;
    if (found !== undefined) return false;
    found = rawHeaders[at + 1] ?? '';
  }
  return found === undefined ? httpVersion !== '1.1' : HOST.test(found.trim());
}
