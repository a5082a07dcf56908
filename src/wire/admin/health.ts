import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { createArrivals } from '../http/arrivals.ts';
import { trackConnections } from '../http/connections.ts';
import { faultEnvelope } from '../http/envelope.ts';
import { namesOneHost } from '../http/host-header.ts';
import { httpFaultEnvelope } from '../http/http-faults.ts';
import { listenOn, listenTrouble } from '../http/listen.ts';
import { requestIdFrom } from '../http/request-id.ts';
import { respond } from '../http/respond.ts';
import { createSocketFaultHandler } from '../http/socket-faults.ts';
import { createTransport } from '../http/transport.ts';
import { DEFAULT_TRANSPORT, type TransportSettings } from '../http/transport-settings.ts';

/**
 * What can keep the service from taking requests; each check resolves with `ok` or says in a few words what
 * is wrong.
 */
export type ReadinessChecks = Readonly<Record<string, () => Promise<string>>>;

/** Enough for probes and scrapers. */
const ADMIN_TRANSPORT: TransportSettings = {
  ...DEFAULT_TRANSPORT,
  maxConnections: 256,
  maxConnectionsPerAddress: 256,
  maxPipelinedInAll: 256,
};
/** What `/readyz` says besides: facts that keep nothing from working. */
export type ReadinessFacts = () => Readonly<Record<string, unknown>>;

/** A page that is made anew for each who asks. */
export interface ServedPage {
  readonly contentType: string;
  text(): Promise<string>;
}

/** The admin port: is the process alive, can it take requests, and how is it doing? */
export interface AdminServer {
  /**
   * @returns the port it got
   * @throws {Error} with Node's `code`
   */
  listen(host: string, port: number): Promise<number>;
  close(): Promise<void>;
}

/**
 * Builds the admin server. `GET /healthz` answers 200 as long as the process answers at all; `GET /readyz`
 * answers 200 when every check says `ok`, else 503, each check named in the body. `GET /metrics` is the page
 * for Prometheus, where there is one. It has no authentication: keep it on the loopback or behind something
 * that has.
 */
export function createAdminServer(
  checks: ReadinessChecks,
  log: Logger,
  metrics?: ServedPage,
  facts: ReadinessFacts = () => ({}),
): AdminServer {
  const requestId = () => requestIdFrom(undefined);
  const arrivals = createArrivals({ transport: ADMIN_TRANSPORT, requestId, log });
  const app = createTransport({
    transport: ADMIN_TRANSPORT,
    arrivals,
    tls: undefined,
    requestId,
    onSocketFault: createSocketFaultHandler((socket) => connections.ongoing(socket), log),
  });
  const connections = trackConnections(app.server, {
    ...ADMIN_TRANSPORT,
    trustedProxies: [],
    onCrowded: (crowding) =>
      log.warn(
        { event: 'connections_crowded', port: 'admin', ...crowding },
        'all places for connections are taken',
      ),
  });
  const fault = (request: FastifyRequest, reply: FastifyReply, kind: 'not_found' | 'no_host' | Error) => {
    reply.hijack();
    const envelope = kind instanceof Error ? faultEnvelope(kind) : httpFaultEnvelope(kind);
    const closes = respond(request.raw, reply.raw, envelope, {
      requestId: request.id,
      close: kind === 'no_host',
      linger: ADMIN_TRANSPORT.linger,
    });
    if (closes) arrivals.endAt(request.raw);
  };
  app.get('/healthz', async () => ({ status: 'ok' }));
  const states = shared(() =>
    Promise.all(Object.entries(checks).map(async ([name, check]) => [name, await check()] as const)),
  );
  app.get('/readyz', async (_request, reply) => {
    const found = await states();
    const ready = found.every(([, state]) => state === 'ok');
    return reply
      .code(ready ? 200 : 503)
      .send({ status: ready ? 'ready' : 'not ready', checks: Object.fromEntries(found), ...facts() });
  });
  if (metrics !== undefined) {
    const page = shared(async () => Buffer.from(await metrics.text()));
    app.get('/metrics', async (_request, reply) =>
      reply
        .type(metrics.contentType)
        .header('cache-control', 'no-store')
        .send(await page()),
    );
  }
  app.addHook('onRequest', (request, reply, done) => {
    connections.begin({ requestId: request.id, request: request.raw, response: reply.raw });
    if (!namesOneHost(request.raw)) fault(request, reply, 'no_host');
    else if (request.is404) fault(request, reply, 'not_found');
    else done();
  });
  app.setNotFoundHandler((request, reply) => fault(request, reply, 'not_found'));
  app.setErrorHandler((error, request, reply) => {
    log.error(
      { event: 'unexpected', requestId: request.id, err: error },
      'unexpected error on the admin port',
    );
    fault(request, reply, error instanceof Error ? error : new Error('unknown'));
  });
  return {
    listen: (host, port) => listenOn(app, host, port, listenTrouble(log)),
    async close() {
      const closed = app.close();
      app.server.closeAllConnections();
      await closed;
    },
  };
}

/**
 * Those who ask while an answer is being made get that one: what it costs does not grow with how many ask.
 */
function shared<T>(make: () => Promise<T>): () => Promise<T> {
  let underWay: Promise<T> | undefined;
  return () => {
    underWay ??= make().finally(() => {
      underWay = undefined;
    });
    return underWay;
  };
}
