import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Server as TlsServer } from 'node:https';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { type Arrivals, createArrivals } from './arrivals.ts';
import { createCallerAddress, type ProxySettings } from './caller-address.ts';
import type { Crowding } from './connection-permits.ts';
import { type Connections, trackConnections } from './connections.ts';
import { type CorsSettings, corsHeaders } from './cors.ts';
import { offersUpgrade, refuseEarly } from './early.ts';
import { type Envelope, faultEnvelope } from './envelope.ts';
import { exchangeOf } from './exchange.ts';
import { type Face, type Faces, mount } from './face.ts';
import type { FailedTries } from './failed-tries.ts';
import { type HttpFaultSeen, httpFaultEnvelope } from './http-faults.ts';
import { listenOn, listenTrouble } from './listen.ts';
import { answerPlainHttp } from './plain-http.ts';
import { requestIdFrom } from './request-id.ts';
import { respond } from './respond.ts';
import { createSocketFaultHandler, refuseTunnel } from './socket-faults.ts';
import { type TlsIdentity, tlsServerOptions } from './tls.ts';
import { createTransport } from './transport.ts';
import type { TransportSettings } from './transport-settings.ts';

export interface ServerSettings extends ProxySettings {
  readonly cors: CorsSettings;
  /** Take the caller's `X-Request-Id` where it is well-formed. */
  readonly trustRequestId: boolean;
  readonly transport: TransportSettings;
}

/** What the server tells of what it does; implementations never fail and never wait. */
export interface ServerObserver {
  /** A reply of any kind is out, with this HTTP status. */
  reply(status: number): void;
  /** A connection was closed below HTTP, answered where that is possible. */
  httpFault(fault: HttpFaultSeen): void;
}

export interface ServerDeps {
  readonly settings: ServerSettings;
  /** The APIs, in the order in which they are asked for a path. */
  readonly faces: readonly Face[];
  readonly log: Logger;
  readonly observer?: ServerObserver | undefined;
  /** Counts callers without a valid key; none: they are not limited. */
  readonly failedTries?: FailedTries | undefined;
  /** Certificate and key; without them the server speaks plain HTTP. */
  readonly tls?: TlsIdentity | undefined;
}

/** What a drain came to. */
export interface DrainResult {
  /** Requests that were still running when time was up, and were cut off. */
  readonly cutOff: number;
}

/** The server on the service port. */
export interface Server {
  readonly app: FastifyInstance;
  /**
   * Starts to listen; the port it got (port 0 takes any free one).
   * @throws {Error} with Node's `code` (`EADDRINUSE`, `EACCES`, …)
   */
  listen(host: string, port: number): Promise<number>;
  /** Uses another certificate for connections from now on. Without TLS it does nothing. */
  useTls(identity: TlsIdentity): void;
  /** The certificate in use. */
  readonly tls: TlsIdentity | undefined;
  /** Requests being worked on. */
  readonly running: number;
  /** Connections open now, and since the start: those that found no place, and idle ones that made room. */
  readonly connections: Crowding;
  /** Accepts nothing new, lets what runs finish for at most `milliseconds`, then closes every connection. */
  drain(milliseconds: number): Promise<DrainResult>;
}

/**
 * Builds the server that the APIs are mounted on. Every reply on any path and for any fault has an
 * `X-Request-Id` and is in the form of the API its path belongs to, or of the old call; nothing of Node's or
 * the framework's own wording gets out.
 */
export function createServer(deps: ServerDeps): Server {
  const { settings, observer, log } = deps;
  const { transport } = settings;
  const faces = mount(deps.faces);
  const { form } = faces;
  const requestId = (request: IncomingMessage) =>
    requestIdFrom(settings.trustRequestId ? request.headers['x-request-id'] : undefined);
  let { tls } = deps;

  const arrivals = createArrivals({ transport, requestId, form, log, onFault: observer?.httpFault });
  const app = createTransport({
    transport,
    arrivals,
    requestId,
    form,
    tls: deps.tls,
    onSocketFault: createSocketFaultHandler(
      (socket) => connections.ongoing(socket),
      log,
      observer?.httpFault,
      form,
    ),
  });
  app.server.on('request', (_request, response: ServerResponse) => observeReply(response, observer));
  const connections = trackConnections(app.server, {
    ...transport,
    trustedProxies: settings.trustedProxies,
    onCrowded: (crowding) =>
      log.warn({ event: 'connections_crowded', ...crowding }, 'all places for connections are taken'),
  });
  answerPlainHttp(app.server, { beneath: connections.beneath, log, onFault: observer?.httpFault });
  const work = answerRequests({ ...deps, app, arrivals, connections, faces, requestId });

  return {
    app,
    get running() {
      return work.running;
    },
    get connections() {
      return connections.counts;
    },
    listen: (host, port) => listenOn(app, host, port, listenTrouble(log)),
    get tls() {
      return tls;
    },
    useTls(identity) {
      if (tls === undefined) return;
      tls = identity;
      (app.server as unknown as TlsServer).setSecureContext(tlsServerOptions(identity));
    },
    drain(milliseconds) {
      work.draining = true;
      return drain(app, connections, work, milliseconds);
    },
  };
}

/** What the server is doing. */
interface Work {
  running: number;
  draining: boolean;
}

interface Answering extends Omit<ServerDeps, 'faces'> {
  readonly app: FastifyInstance;
  readonly arrivals: Arrivals;
  readonly connections: Connections;
  readonly faces: Faces;
  readonly requestId: (request: IncomingMessage) => string;
}

/** Has every request answered by the API that owns its path. */
function answerRequests(parts: Answering): Work {
  const { app, arrivals, connections, faces, settings, log } = parts;
  const { transport, cors } = settings;
  const work: Work = { running: 0, draining: false };
  const waiting = new WeakSet<IncomingMessage>();
  const callerOf = createCallerAddress(settings);
  const callerAddress = ({ headers, socket }: IncomingMessage) => callerOf(headers, socket.remoteAddress);

  /** Answers and lets go of the framework, which then has nothing left to say about this request. */
  const send = (
    { raw, id }: FastifyRequest,
    reply: FastifyReply,
    envelope: Envelope,
    close = false,
  ): void => {
    reply.hijack();
    const closes = respond(raw, reply.raw, envelope, {
      requestId: id,
      headers: corsHeaders(cors, raw.headers),
      form: faces.form,
      close: close || work.draining,
      linger: transport.linger,
    });
    // RFC 9112 §9.6: nothing behind the last answer is worked on. It could only be what a refused request
    // smuggled in.
    if (closes) arrivals.endAt(raw);
  };
  /** The answer to a path or method that does not exist, or the one to an address that failed too often. */
  const countedTry = (request: IncomingMessage, envelope: Envelope): Envelope => {
    if (envelope.kind !== 'path_unknown' && envelope.kind !== 'method_not_allowed') return envelope;
    const over = parts.failedTries?.fail(callerAddress(request));
    return over ? faultEnvelope(over) : envelope;
  };
  /** The body is the API's to read, before the framework judges its Content-Type. */
  const serve = async (request: FastifyRequest, reply: FastifyReply, face: Face): Promise<void> => {
    reply.hijack();
    work.running++;
    try {
      const { raw, id: requestId } = request;
      const known = { requestId, callerAddress: callerAddress(raw), waiting };
      const envelope = await face.handle(exchangeOf(raw, reply.raw, known));
      if (envelope !== null) send(request, reply, envelope);
    } finally {
      work.running--;
    }
  };

  app.addHook('onRequest', (request, reply, done) => {
    const { raw, id: requestId } = request;
    connections.begin({ requestId, request: raw, response: reply.raw });
    const face = faces.of(raw);
    const { draining } = work;
    const refusal = refuseEarly(raw, face, { maxHeaders: transport.maxHeaders, draining });
    // What somebody else may read differently (400) is the last thing on its connection.
    if (refusal !== null) send(request, reply, countedTry(raw, refusal), refusal.http === 400);
    else if (face !== undefined) void serve(request, reply, face);
    else done();
  });
  app.setNotFoundHandler((request, reply) =>
    send(request, reply, countedTry(request.raw, httpFaultEnvelope('not_found'))),
  );
  app.setErrorHandler((error, request, reply) => {
    log.error({ event: 'unexpected', requestId: request.id, err: error }, 'unexpected error');
    send(request, reply, faultEnvelope(error));
  });
  answerExpectations(parts, waiting);
  return work;
}

function observeReply(response: ServerResponse, observer: ServerObserver | undefined): void {
  response.once('finish', () => observer?.reply(response.statusCode));
}

/**
 * Tunnels, offers of another protocol and `Expect`, which Node hands over before there is a request to
 * answer.
 */
function answerExpectations(parts: Answering, waiting: WeakSet<IncomingMessage>): void {
  const { app, arrivals, faces, requestId, observer, settings } = parts;
  // Node's parser stops behind a request that offers another protocol and throws away what came with it, so
  // whatever follows may be the rest of a lost request: such a request is the last one on its connection.
  const noteOffer = (request: IncomingMessage, response: ServerResponse) => {
    if (!offersUpgrade(request)) return;
    response.setHeader('Connection', 'close');
    arrivals.endAt(request);
  };
  app.server.prependListener('request', noteOffer);
  app.server.on('connect', (request, socket) => refuseTunnel(socket, requestId(request)));
  // Answered only when the body is wanted: a body that is refused need not be sent at all.
  app.server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    waiting.add(request);
    app.server.emit('request', request, response);
  });
  app.server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => {
    if (!arrivals.admit(request, response)) return;
    noteOffer(request, response);
    observeReply(response, observer);
    const closes = respond(request, response, httpFaultEnvelope('expectation'), {
      requestId: requestId(request),
      form: faces.form,
      linger: settings.transport.linger,
    });
    if (closes) arrivals.endAt(request);
  });
}

async function drain(
  app: FastifyInstance,
  connections: Connections,
  work: Readonly<Work>,
  milliseconds: number,
): Promise<DrainResult> {
  let cutOff = 0;
  const closed = app.close();
  const sweep = setInterval(() => connections.closeIdle(), 50);
  const bound = setTimeout(() => {
    cutOff = work.running;
    connections.closeAll();
  }, milliseconds);
  await closed;
  clearInterval(sweep);
  clearTimeout(bound);
  return { cutOff };
}
