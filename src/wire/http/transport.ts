import type { IncomingMessage, RequestListener, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Arrivals } from './arrivals.ts';
import type { Form } from './face.ts';
import { httpFaultEnvelope } from './http-faults.ts';
import { respond } from './respond.ts';
import { type TlsIdentity, tlsServerOptions } from './tls.ts';
import type { TransportSettings } from './transport-settings.ts';

/** What the framework is built with. */
export interface TransportOptions {
  readonly transport: TransportSettings;
  readonly tls: TlsIdentity | undefined;
  /** The id of a request that has just arrived. */
  readonly requestId: (request: IncomingMessage) => string;
  /** Looks at each request first. */
  readonly arrivals: Arrivals;
  /** How a fault is told to the caller of a path. */
  readonly form?: Form | undefined;
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
    // The framework sets it later, too late for Node, which compares the one above with its own default of
    // five minutes.
    requestTimeout: transport.requestTimeout,
    connectionsCheckingInterval: transport.checkInterval,
  };
  const options = {
    logger: false,
    return503OnClosing: false,
    forceCloseConnections: 'idle' as const,
    requestTimeout: transport.requestTimeout,
    // Counts from the last byte in either direction; Node's other time-outs do not see an answer that nobody
    // takes.
    connectionTimeout: transport.requestTimeout + transport.stallTimeout,
    keepAliveTimeout: transport.keepAliveTimeout,
    genReqId: given.requestId,
    clientErrorHandler: given.onSocketFault,
    routerOptions: { ignoreTrailingSlash: false },
    frameworkErrors: (_error: unknown, request: FastifyRequest, reply: FastifyReply) => {
      reply.hijack();
      const closes = respond(request.raw, reply.raw, httpFaultEnvelope('not_found'), {
        requestId: request.id,
        form: given.form,
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
  // Node would drop what comes behind the first thousand without a word; what is too much is refused where
  // requests are first looked at.
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
