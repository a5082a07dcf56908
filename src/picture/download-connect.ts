import { isIP, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { rootCertificates } from 'node:tls';
import ipaddr from 'ipaddr.js';
import { Agent, buildConnector } from 'undici';
import { refused } from './download-reasons.ts';

export interface ConnectOptions {
  /** For a connection, TLS included, in ms. */
  readonly connectTimeoutMs: number;
  /** Certificates (PEM) trusted besides the system's own, for servers of an intranet. */
  readonly ca?: string | readonly string[];
  /** Told when the connection stands, TLS included. */
  readonly onConnected?: () => void;
}

/** A dispatcher that can reach certain addresses and no others. */
export interface PinnedAgent {
  readonly dispatcher: Agent;
  /** Whether a connection stands, TLS included. */
  readonly connected: () => boolean;
  /** Ends the connection, also one that is still being made. */
  destroy(): void;
}

/**
 * A dispatcher that connects to one of `addresses`, whatever the name in the url would resolve to by now; Host and SNI stay
 * the url's. Both kinds of address are tried side by side (RFC 8305) within the time for one connection.
 */
export function pinnedAgent(addresses: readonly string[], options: ConnectOptions): PinnedAgent {
  const records = addresses.map((address) => ({ address, family: isIP(address) }));
  const checked = new Set(addresses.map(plainAddress));
  const { connectTimeoutMs: limit } = options;
  const connect = buildConnector({
    timeout: 0,
    autoSelectFamily: true,
    ...(options.ca === undefined ? {} : { ca: [...rootCertificates, ...[options.ca].flat()] }),
    // Not asked when the url's host is an address itself: that one is in `addresses` then.
    lookup: (_host, wanted, done) => {
      const [first] = records;
      if (wanted.all === true) done(null, records);
      else if (first !== undefined) done(null, first.address, first.family);
      else done(new Error('no address'), '');
    },
  }) as unknown as (wanted: buildConnector.Options, done: buildConnector.Callback) => Socket;

  const sockets = new Set<Socket>();
  let isConnected = false;
  const dispatcher = new Agent({
    // All time limits are kept here and in `download.ts`: the client's own are too coarse.
    headersTimeout: 0,
    bodyTimeout: 0,
    maxResponseSize: -1,
    connections: 1,
    pipelining: 1,
    connect: (wanted, done) => {
      const since = performance.now();
      const timer = setTimeout(() => {
        const waited = Math.round(performance.now() - since);
        socket.destroy(
          refused('connect_timeout', `No connection to ${wanted.hostname} within ${waited} ms.`),
        );
      }, limit);
      const socket = connect(wanted, (...result: Parameters<typeof done>) => {
        clearTimeout(timer);
        const [error, made] = result;
        if (error !== null) return done(error, null);
        const peer = (made as Socket).remoteAddress ?? '';
        if (!checked.has(plainAddress(peer))) {
          (made as Socket).destroy();
          return done(
            refused('connect_failed', `The connection went to ${peer}, which was not checked.`),
            null,
          );
        }
        isConnected = true;
        options.onConnected?.();
        done(null, made as Socket);
      });
      sockets.add(socket);
      socket.once('close', () => {
        clearTimeout(timer);
        sockets.delete(socket);
      });
    },
  });
  return {
    dispatcher,
    connected: () => isConnected,
    destroy() {
      // Nothing of this connection is used again: the next url may be another caller's.
      void dispatcher.destroy();
      for (const socket of sockets) socket.destroy();
    },
  };
}

function plainAddress(text: string): string {
  return isIP(text) === 0 ? text : ipaddr.process(text.split('%', 1)[0] as string).toString();
}
