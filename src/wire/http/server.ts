import type { Server as HttpServer, IncomingMessage, ServerResponse } from 'node:http';
import type { Server as TlsServer } from 'node:https';
import type { Logger } from 'pino';
import { answerRequests, type Work } from './answer-requests.ts';
import { createArrivals } from './arrivals.ts';
import type { ProxySettings } from './caller-address.ts';
import type { Crowding } from './connection-permits.ts';
import { type Connections, trackConnections } from './connections.ts';
import type { CorsSettings } from './cors.ts';
import { answerExpectations } from './expectations.ts';
import { type Face, mount } from './face.ts';
import type { FailedTries } from './failed-tries.ts';
import { listenOn, listenTrouble } from './listen.ts';
import { observeReply, type ServerObserver } from './observe-reply.ts';
import { answerPlainHttp } from './plain-http.ts';
import { requestIdFrom } from './request-id.ts';
import { createSocketFaultHandler } from './socket-faults.ts';
import { type TlsIdentity, tlsServerOptions } from './tls.ts';
import { closeServer, createTransport } from './transport.ts';
import type { TransportSettings } from './transport-settings.ts';

export interface ServerSettings extends ProxySettings {
  readonly cors: CorsSettings;
  /** Take the caller's `X-Request-Id` where it is well-formed. */
  readonly trustRequestId: boolean;
  readonly transport: TransportSettings;
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
  /** The server beneath. */
  readonly http: HttpServer;
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
 * `X-Request-Id` and is in the form of the API its path belongs to, or of the old call; nothing of Node's
 * own wording gets out.
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
  const work: Work = { running: 0, draining: false, waiting: new WeakSet() };
  const http = createTransport({
    transport,
    arrivals,
    tls: deps.tls,
    onRequest: (request, response) => answer(request, response),
    onSocketFault: createSocketFaultHandler(
      (socket) => connections.ongoing(socket),
      log,
      observer?.httpFault,
      form,
    ),
  });
  http.on('request', (_request, response: ServerResponse) => observeReply(response, observer));
  const connections = trackConnections(http, {
    ...transport,
    trustedProxies: settings.trustedProxies,
    onCrowded: (crowding) =>
      log.warn({ event: 'connections_crowded', ...crowding }, 'all places for connections are taken'),
  });
  answerPlainHttp(http, { beneath: connections.beneath, log, onFault: observer?.httpFault });
  const answering = { ...deps, http, arrivals, connections, faces, requestId, work };
  const answer = answerRequests(answering);
  answerExpectations(answering);

  return {
    http,
    get running() {
      return work.running;
    },
    get connections() {
      return connections.counts;
    },
    listen: (host, port) => listenOn(http, host, port, listenTrouble(log)),
    get tls() {
      return tls;
    },
    useTls(identity) {
      if (tls === undefined) return;
      tls = identity;
      (http as unknown as TlsServer).setSecureContext(tlsServerOptions(identity));
    },
    drain(milliseconds) {
      work.draining = true;
      return drain(http, connections, work, milliseconds);
    },
  };
}

async function drain(
  http: HttpServer,
  connections: Connections,
  work: Readonly<Work>,
  milliseconds: number,
): Promise<DrainResult> {
  let cutOff = 0;
  const closed = closeServer(http);
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
