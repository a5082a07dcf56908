import { isIP } from 'node:net';

/** Whether an address to listen on is one that this machine alone reaches. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/^::ffff:/, '');
  return isLocalName(name) || name === '::1' || (isIP(name) === 4 && name.startsWith('127.'));
}

/**
 * Whether a port on the loopback answers to a host header. A page of another site that has its own name lead
 * to `127.0.0.1` (DNS rebinding) is of one origin with this port for the browser, and reads every answer: it
 * cannot help sending that name along. An address in the header is no name that anybody could lead elsewhere.
 * @param header the one host header of the request; undefined: there is none, as no browser does
 * @param names the names under which a proxy on this machine passes requests on, in lower case
 */
export function isServedHost(header: string | undefined, names: readonly string[]): boolean {
  const name = hostName(header ?? '');
  return name === '' || name.startsWith('[') || isIP(name) !== 0 || isLocalName(name) || names.includes(name);
}

/** Without the port, in lower case, and without the dot that a name may end with. */
const hostName = (header: string): string =>
  header.trim().replace(/:\d*$/, '').toLowerCase().replace(/\.$/, '');

/** Names that lead to the loopback everywhere (RFC 6761 §6.3). */
const isLocalName = (name: string): boolean => name === 'localhost' || name.endsWith('.localhost');
