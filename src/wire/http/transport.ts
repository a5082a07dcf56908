import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Duplex } from 'node:stream';
import type { Arrivals } from './arrivals.ts';
import { type TlsIdentity, tlsServerOptions } from './tls.ts';
import type { TransportSettings } from './transport-settings.ts';

/** What a server is built with. */
export interface TransportOptions {
  readonly transport: TransportSettings;
  readonly tls: TlsIdentity | undefined;
  /** Looks at each request first. */
  readonly arrivals: Arrivals;
  /** Called with each request that is to be worked on. */
  readonly onRequest: (request: IncomingMessage, response: ServerResponse) => void;
  readonly onSocketFault: (error: NodeJS.ErrnoException, socket: Duplex) => void;
}

/**
 * An HTTP or HTTPS server with time-outs on everything that a slow caller could hold open. It does not listen
 * yet.
 */
export function createTransport(given: TransportOptions): Server {
  const { transport, tls, arrivals } = given;
  const options = {
    // Checked where requests are first looked at: Node's own refusal has no body.
    requireHostHeader: false,
    maxHeaderSize: transport.maxHeaderBytes,
    headersTimeout: Math.min(transport.headersTimeout, transport.requestTimeout),
    requestTimeout: transport.requestTimeout,
    connectionsCheckingInterval: transport.checkInterval,
    keepAliveTimeout: transport.keepAliveTimeout,
  };
  const server: Server =
    tls === undefined ? createServer(options) : createTlsServer({ ...options, ...tlsServerOptions(tls) });
  // Counts from the last byte in either direction; Node's other time-outs do not see an answer that nobody
  // takes.
  server.setTimeout(transport.requestTimeout + transport.stallTimeout);
  // Node would drop what comes behind the first thousand without a word; what is too much is refused where
  // requests are first looked at.
  server.maxHeadersCount = 0;
  server.on('clientError', given.onSocketFault);
  server.on('request', (request, response) => {
    if (arrivals.admit(request, response)) given.onRequest(request, response);
  });
  arrivals.watch(server);
  return server;
}

/** Takes no more connections; resolves once every open one has ended. Those that are idle are closed. */
export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    // A server that does not listen is closed already.
    server.close(() => resolve());
    server.closeIdleConnections();
  });
}
