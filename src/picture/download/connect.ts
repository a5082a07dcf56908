import { connect as connectTcp, isIP, type LookupFunction, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { checkServerIdentity, connect as connectTls, rootCertificates } from 'node:tls';
import { plainAddress } from './address/parse.ts';
import { connectionFault, refused } from './reasons.ts';

export interface ConnectOptions {
  /** For a connection, TLS included, in ms. */
  readonly connectTimeoutMs: number;
  /** Certificates (PEM) trusted besides the system's own, for servers of an intranet. */
  readonly ca?: string | readonly string[];
}

/**
 * Connects to one of `addresses`, whatever the name in the url would resolve to by now; the name in the TLS
 * handshake stays the url's. Both kinds of address are tried (RFC 8305) within the time for one connection.
 * The connection is used for one request alone: nothing of it is shared with another caller's. Once it stands
 * its errors are the business of whoever listens; an error that nobody listens to is dropped.
 * @throws {Fault} `download_refused` `connect_failed`, `connect_timeout`, `tls_failed`
 * @throws {Error} the signal's reason when it is aborted before
 */
export function connectPinned(
  url: URL,
  addresses: readonly string[],
  options: ConnectOptions,
  signal: AbortSignal,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const since = performance.now();
    const secure = url.protocol === 'https:';
    const socket = open(url, addresses, options);
    const settle = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', leave);
      socket.off('close', closed);
    };
    const fail = (error: unknown) => {
      settle();
      socket.destroy();
      reject(error);
    };
    const leave = () => fail(signal.reason);
    const closed = () => fail(connectionFault(new Error('closed before the connection stood'), false));
    const timer = setTimeout(() => {
      const waited = Math.round(performance.now() - since);
      fail(refused('connect_timeout', `No connection to ${url.host} within ${waited} ms.`));
    }, options.connectTimeoutMs);
    signal.addEventListener('abort', leave, { once: true });
    // Stays for the whole life of the socket: after `fail` it changes nothing any more.
    socket.on('error', (error) => fail(connectionFault(error, false)));
    socket.once('close', closed);
    socket.once(secure ? 'secureConnect' : 'connect', () => {
      const peer = socket.remoteAddress ?? '';
      if (!addresses.some((address) => plainAddress(address) === plainAddress(peer))) {
        fail(refused('connect_failed', `The connection went to ${peer}, which was not checked.`));
        return;
      }
      settle();
      resolve(socket);
    });
  });
}

function open(url: URL, addresses: readonly string[], { ca }: ConnectOptions): Socket {
  const secure = url.protocol === 'https:';
  const records = addresses.map((address) => ({ address, family: isIP(address) }));
  // Not asked when the url's host is an address itself: that one is in `addresses` then.
  const lookup: LookupFunction = (_host, wanted, done) => {
    const [first] = records;
    if (wanted.all === true) done(null, records);
    else if (first !== undefined) done(null, first.address, first.family);
    else done(new Error('no address'), '');
  };
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const common = {
    host,
    port: url.port === '' ? (secure ? 443 : 80) : Number(url.port),
    autoSelectFamily: true,
    lookup,
  };
  if (!secure) return connectTcp(common);
  return connectTls({
    ...common,
    // An address is no name for the handshake (RFC 6066 §3); the certificate is compared with it all the
    // same.
    servername: isIP(host) === 0 ? host : '',
    ALPNProtocols: ['http/1.1'],
    // Node throws within an event where it cannot read the names of a certificate.
    checkServerIdentity: (name, certificate) => {
      try {
        return checkServerIdentity(name, certificate);
      } catch (error) {
        return error as Error;
      }
    },
    ...(ca === undefined ? {} : { ca: [...rootCertificates, ...[ca].flat()] }),
  });
}
