import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Server as TlsServer } from 'node:https';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { createArrivals } from './arrivals.ts';
import { createCallerAddress, type ProxySettings } from './caller-address.ts';
import type { Crowding } from './connection-permits.ts';
import { trackConnections } from './connections.ts';
import { type CorsSettings, corsHeaders, isAllowedPreflight, preflightHeaders } from './cors.ts';
import { type Envelope, faultEnvelope } from './envelope.ts';
import type { Exchange } from './exchange.ts';
import { namesOneHost } from './host-header.ts';
import { httpFaultEnvelope } from './http-faults.ts';
import { createLegacyHandler, type LegacyDeps, type LegacySettings } from '../legacy/handler.ts';
import { listenOn, listenTrouble } from './listen.ts';
import { answerPlainHttp } from './plain-http.ts';
import { requestIdFrom } from './request-id.ts';
import { respond } from './respond.ts';
import { createSocketFaultHandler, refuseTunnel } from './socket-faults.ts';
import { type TlsIdentity, tlsServerOptions } from './tls.ts';
import { createTransport, type TransportSettings } from './transport.ts';
import type { V1Handler } from '../v1/face.ts';
import { isV1 } from './path.ts';

/** The one path of the old API that is served. */
export const legacyPath = '/face/livedetectpicture';

export interface LegacyServerSettings extends LegacySettings, ProxySettings {
  readonly cors: CorsSettings;
  /** Take the caller's `X-Request-Id` where it is well-formed. */
  readonly trustRequestId: boolean;
  readonly transport: TransportSettings;
}

export interface LegacyServerDeps extends Omit<LegacyDeps, 'settings'> {
  readonly settings: LegacyServerSettings;
  /** Answers everything under `/v1`; without it there is no such path. */
  readonly v1?: V1Handler | undefined;
  /** Certificate and key; without them the server speaks plain HTTP. */
  readonly tls?: TlsIdentity | undefined;
}

/** What a drain came to. */
export interface DrainResult {
  /** Requests that were still running when time was up, and were cut off. */
  readonly cutOff: number;
}

/** The HTTP face of the old API. */
export interface LegacyServer {
  readonly app: FastifyInstance;
  /**
   * Starts to listen; the port it got (port 0 takes any free one).
   * @throws Error with Node's `code` (`EADDRINUSE`, `EACCES`, …)
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
 * Builds the HTTP server of the old API. Every reply on any path and for any fault is the API's JSON envelope with an
 * `X-Request-Id`; nothing of Node's or the framework's own wording gets out.
 */
export function createLegacyServer(deps: LegacyServerDeps): LegacyServer {
  const { settings } = deps;
  const { transport } = settings;
  const handle = createLegacyHandler(deps);
  const callerOf = createCallerAddress(settings);
  const requestId = (request: IncomingMessage) =>
    requestIdFrom(settings.trustRequestId ? request.headers['x-request-id'] : undefined);
  const waiting = new WeakSet<IncomingMessage>();
  let { tls } = deps;
  let running = 0;
  let draining = false;

  const arrivals = createArrivals({ transport, requestId, log: deps.log, onFault: deps.observer?.httpFault });
  const app = createTransport({
    transport,
    arrivals,
    requestId,
    tls: deps.tls,
    onSocketFault: createSocketFaultHandler(
      (socket) => connections.ongoing(socket),
      deps.log,
      deps.observer?.httpFault,
    ),
  });
  const observe = (response: ServerResponse) =>
    response.once('finish', () => deps.observer?.reply(response.statusCode));
  app.server.on('request', (_request, response: ServerResponse) => observe(response));
  const connections = trackConnections(app.server, {
    ...transport,
    trustedProxies: settings.trustedProxies,
    onCrowded: (crowding) =>
      deps.log.warn({ event: 'connections_crowded', ...crowding }, 'all places for connections are taken'),
  });

  answerPlainHttp(app.server, {
    beneath: connections.beneath,
    log: deps.log,
    onFault: deps.observer?.httpFault,
  });

  /** Answers and lets go of the framework, which then has nothing left to say about this request. */
  const send = (request: FastifyRequest, reply: FastifyReply, envelope: Envelope, close = false): void => {
    reply.hijack();
    const closes = respond(request.raw, reply.raw, envelope, {
      requestId: request.id,
      headers: corsHeaders(settings.cors, request.headers),
      close: close || draining,
      linger: transport.linger,
    });
    // RFC 9112 §9.6: nothing behind the last answer is worked on. It could only be what a refused request smuggled in.
    if (closes) arrivals.endAt(request.raw);
  };

  /** The answer to a path or method that does not exist, or the one to an address that failed too often. */
  const countedTry = (request: FastifyRequest, envelope: Envelope): Envelope => {
    if (envelope.kind !== 'path_unknown' && envelope.kind !== 'method_not_allowed') return envelope;
    const over = deps.failedTries?.fail(callerOf(request.headers, request.raw.socket.remoteAddress));
    return over ? faultEnvelope(over) : envelope;
  };

  /** The body is the handler's to read, before the framework judges its Content-Type. */
  const serve = async (request: FastifyRequest, reply: FastifyReply, handler: V1Handler): Promise<void> => {
    reply.hijack();
    running++;
    try {
      const envelope = await handler(exchangeOf(request, reply.raw, waiting, callerOf));
      if (envelope !== null) send(request, reply, envelope);
    } finally {
      running--;
    }
  };

  app.addHook('onRequest', (request, reply, done) => {
    connections.begin({ requestId: request.id, request: request.raw, response: reply.raw });
    const v1 = isV1(request.url) ? deps.v1 : undefined;
    const refusal = refuseEarly(request, settings, draining, v1 !== undefined);
    // What somebody else may read differently (400) is the last thing on its connection.
    if (refusal !== null) send(request, reply, countedTry(request, refusal), refusal.http === 400);
    else if (v1 !== undefined) void serve(request, reply, v1);
    else done();
  });

  app.route({
    method: 'POST',
    url: legacyPath,
    onRequest: (request, reply) => serve(request, reply, handle),
    handler: () => {},
  });

  app.setNotFoundHandler((request, reply) =>
    send(request, reply, countedTry(request, httpFaultEnvelope('not_found'))),
  );
  app.setErrorHandler((error, request, reply) => {
    deps.log.error({ event: 'unexpected', requestId: request.id, err: error }, 'unexpected error');
    send(request, reply, faultEnvelope(error));
  });

  // Node's parser stops behind a request that offers another protocol and throws away what came with it, so whatever follows
  // may be the rest of a lost request: such a request is the last one on its connection.
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
    observe(response);
    const closes = respond(request, response, httpFaultEnvelope('expectation'), {
      requestId: requestId(request),
      linger: transport.linger,
    });
    if (closes) arrivals.endAt(request);
  });

  return {
    app,
    get running() {
      return running;
    },
    get connections() {
      return connections.counts;
    },
    listen: (host, port) => listenOn(app, host, port, listenTrouble(deps.log)),
    get tls() {
      return tls;
    },
    useTls(identity) {
      if (tls === undefined) return;
      tls = identity;
      (app.server as unknown as TlsServer).setSecureContext(tlsServerOptions(identity));
    },
    async drain(milliseconds) {
      draining = true;
      let cutOff = 0;
      const closed = app.close();
      const sweep = setInterval(() => connections.closeIdle(), 50);
      const bound = setTimeout(() => {
        cutOff = running;
        connections.closeAll();
      }, milliseconds);
      await closed;
      clearInterval(sweep);
      clearTimeout(bound);
      return { cutOff };
    },
  };
}

/** What is refused, or answered, before anything looks at the body; null lets the request through. */
function refuseEarly(
  request: FastifyRequest,
  { cors, transport }: LegacyServerSettings,
  draining: boolean,
  isForV1: boolean,
): Envelope | null {
  const { method, headers } = request;
  if (request.raw.rawHeaders.length > transport.maxHeaders * 2) return httpFaultEnvelope('headers_too_large');
  if (!namesOneHost(request.raw)) return httpFaultEnvelope('no_host');
  if (hasDoubtfulLength(request.raw)) return httpFaultEnvelope('bad_request');
  if (draining) return httpFaultEnvelope('draining', { 'retry-after': '1' });
  if (isForV1) return null;
  // A client behind a configured proxy sends the absolute form (RFC 9112 §3.2.2).
  const path = request.url.replace(/^https?:\/\/[^/?]*/i, '').split('?', 1)[0];
  if (path !== legacyPath) return request.is404 ? httpFaultEnvelope('not_found') : null;
  if (isAllowedPreflight(cors, method, headers)) {
    return { http: 200, kind: null, message: 'OK', data: {}, headers: preflightHeaders };
  }
  return method === 'POST' ? null : httpFaultEnvelope('method', { allow: 'POST' });
}

/**
 * Whether a proxy in front might see the body end elsewhere (RFC 9112 §6.1, §6.3): chunks in HTTP/1.0, chunks and a length, any
 * coding but plain `chunked`. The parser refuses most of these by itself.
 */
function hasDoubtfulLength({ headers, httpVersion }: IncomingMessage): boolean {
  const coding = headers['transfer-encoding'];
  if (coding === undefined) return false;
  return (
    httpVersion !== '1.1' || headers['content-length'] !== undefined || !/^chunked$/i.test(coding.trim())
  );
}

/** Whether the caller offers to go on in another protocol (RFC 9110 §7.8), as some clients do for HTTP/2. */
function offersUpgrade({ headers }: IncomingMessage): boolean {
  return headers.upgrade !== undefined && /upgrade/i.test(headers.connection ?? '');
}

function exchangeOf(
  request: FastifyRequest,
  response: ServerResponse,
  waiting: WeakSet<IncomingMessage>,
  callerOf: ReturnType<typeof createCallerAddress>,
): Exchange {
  // Most refusals are out before anything waits for the caller: what tells of its leaving is made for those who ask.
  let gone: AbortController | undefined;
  let left = false;
  response.once('close', () => {
    left = !response.writableFinished;
    if (left) gone?.abort();
  });
  return {
    request: request.raw,
    requestId: request.id,
    callerAddress: callerOf(request.headers, request.raw.socket.remoteAddress),
    startedAt: performance.now(),
    get gone() {
      return left;
    },
    get signal() {
      if (gone === undefined) {
        gone = new AbortController();
        if (left) gone.abort();
      }
      return gone.signal;
    },
    wantBody: () => {
      if (waiting.delete(request.raw)) response.writeContinue();
    },
  };
}
