import type { IncomingMessage, RequestListener, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Arrivals } from './arrivals.ts';
import type { ConnectionLimits } from './connection-limits.ts';
import { httpFaultEnvelope } from './http-faults.ts';
import type { PipelineLimits } from './pipelines.ts';
import { type LingerSettings, respond } from './respond.ts';
import { type TlsIdentity, tlsServerOptions } from './tls.ts';

/** Times and sizes of the transport. Durations in ms. */
export interface TransportSettings extends ConnectionLimits, PipelineLimits {
  /** For a request's headers to arrive. */
  readonly headersTimeout: number;
  /** For a whole request, body included, to arrive. */
  readonly requestTimeout: number;
  /** How long an idle connection is kept. */
  readonly keepAliveTimeout: number;
  /** How long a connection is kept, beyond `requestTimeout`, on which nothing moves: its caller does not read the answer. */
  readonly stallTimeout: number;
  /** How long a caller may take nothing of an answer that lies ready. */
  readonly unreadTimeout: number;
  /** How often connections are looked at for the time-outs above. */
  readonly checkInterval: number;
  /** Bytes of all headers together. */
  readonly maxHeaderBytes: number;
  /** How many headers there may be. */
  readonly maxHeaders: number;
  readonly linger: LingerSettings;
}

/** The transport where nothing is configured. */
export const defaultTransport: TransportSettings = {
  headersTimeout: 20_000,
  requestTimeout: 60_000,
  // Longer than the 60 s after which common load balancers let go, so that they close first and no request is lost.
  keepAliveTimeout: 65_000,
  stallTimeout: 60_000,
  unreadTimeout: 30_000,
  checkInterval: 1000,
  maxHeaderBytes: 16 * 1024,
  maxHeaders: 200,
  maxConnections: 10_000,
  maxConnectionsPerAddress: 5000,
  // Proxies and most clients send one request at a time on a connection, the few that pipeline some ten, load generators hundreds.
  maxPipelined: 512,
  // Some 5 KB each with its answer, 20 MB in all.
  maxPipelinedInAll: 4096,
  linger: { milliseconds: 10_000, bytes: 64 * 1024 * 1024 },
};

/** What the framework is built with. */
export interface TransportOptions {
  readonly transport: TransportSettings;
  readonly tls: TlsIdentity | undefined;
  /** The id of a request that has just arrived. */
  readonly requestId: (request: IncomingMessage) => string;
  /** Looks at each request first. */
  readonly arrivals: Arrivals;
  readonly onSocketFault: (error: NodeJS.ErrnoException, socket: Duplex) => void;
}

/**
 * A framework instance with nothing of its own to say: no logging, no replies of its own while it closes,
 * time-outs on everything that a slow caller could hold open.
 */
export function createTransport(given: TransportOptions): FastifyInstance {
  const { transport, tls } = given;
  const http = {
    // Checked where requests are first looked at: Node's own refusal has no body.
    requireHostHeader: false,
    maxHeaderSize: transport.maxHeaderBytes,
    headersTimeout: Math.min(transport.headersTimeout, transport.requestTimeout),
    // The framework sets it later, too late for Node, which compares the one above with its own default of five minutes.
    requestTimeout: transport.requestTimeout,
    connectionsCheckingInterval: transport.checkInterval,
  };
  const options = {
    logger: false,
    return503OnClosing: false,
    forceCloseConnections: 'idle' as const,
    requestTimeout: transport.requestTimeout,
    // Counts from the last byte in either direction; Node's other time-outs do not see an answer that nobody takes.
    connectionTimeout: transport.requestTimeout + transport.stallTimeout,
    keepAliveTimeout: transport.keepAliveTimeout,
    genReqId: given.requestId,
    clientErrorHandler: given.onSocketFault,
    routerOptions: { ignoreTrailingSlash: false },
    frameworkErrors: (_error: unknown, request: FastifyRequest, reply: FastifyReply) => {
      reply.hijack();
      const closes = respond(request.raw, reply.raw, httpFaultEnvelope('not_found'), {
        requestId: request.id,
        linger: transport.linger,
      });
      if (closes) given.arrivals.endAt(request.raw);
    },
  };
  const app =
    tls === undefined
      ? fastify({ ...options, http })
      : fastify({ ...options, https: { ...http, ...tlsServerOptions(tls) } });
  atTheDoor(app.server, given.arrivals);
  // Node would drop what comes behind the first thousand without a word; what is too much is refused where requests are first looked at.
  app.server.maxHeadersCount = 0;
  return app as unknown as FastifyInstance;
}

/** Lets the framework see those requests only that are worked on. */
function atTheDoor(server: Server, arrivals: Arrivals): void {
  const handlers = server.listeners('request') as RequestListener[];
  server.removeAllListeners('request');
  server.on('request', (request, response) => {
    if (!arrivals.admit(request, response)) return;
    for (const handle of handlers) handle.call(server, request, response);
  });
  arrivals.watch(server);
}
