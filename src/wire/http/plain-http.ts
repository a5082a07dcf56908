import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Logger } from 'pino';
import type { HttpFaultSeen } from './http-faults.ts';
import { rarely } from './rarely.ts';

/** What is done about plain HTTP on a port that speaks TLS. */
export interface PlainHttpOptions {
  /** The connection that a TLS socket lies on. */
  readonly beneath: (socket: TLSSocket) => Socket | undefined;
  readonly log: Logger;
  readonly onFault?: ((fault: HttpFaultSeen) => void) | undefined;
}

const TEXT = 'This port speaks HTTPS: call it with https:// in place of http://.\n';
const ANSWER = [
  'HTTP/1.1 400 Bad Request',
  'Content-Type: text/plain; charset=utf-8',
  `Content-Length: ${TEXT.length}`,
  'Connection: close',
  '',
  TEXT,
].join('\r\n');

/**
 * Counts, logs (at most every ten seconds) and answers callers who speak plain HTTP to a TLS server. The
 * answer is as plain as the question, since there is nothing to encrypt it with; it says nothing but which
 * scheme to use.
 */
export function answerPlainHttp(
  server: Server,
  { beneath, log, onFault = () => {} }: PlainHttpOptions,
): void {
  const tell = rarely(10_000);
  server.on('tlsClientError', (error: NodeJS.ErrnoException, socket: TLSSocket) => {
    if (error.code !== 'ERR_SSL_HTTP_REQUEST') return;
    onFault('plain_http');
    tell((more) =>
      log.warn(
        { event: 'http_fault', fault: 'plain_http', more },
        'plain HTTP came to the port that speaks HTTPS',
      ),
    );
    const plain = beneath(socket);
    if (plain === undefined || plain.destroyed) return;
    plain.on('error', () => plain.destroy());
    plain.end(ANSWER);
  });
}
