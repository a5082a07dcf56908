import type { IncomingHttpHeaders, Server } from 'node:http';
import fastify, { type FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { createArrivals } from '../http/arrivals.ts';
import { trackConnections } from '../http/connections.ts';
import { namesOneHost } from '../http/host-header.ts';
import { listenOn, listenTrouble } from '../http/listen.ts';
import { requestIdFrom } from '../http/request-id.ts';
import { createSocketFaultHandler } from '../http/socket-faults.ts';
import { closeServer, createTransport } from '../http/transport.ts';
import { DEFAULT_TRANSPORT, type TransportSettings } from '../http/transport-settings.ts';
import { ADMIN_API, type AdminApi, adminApi } from './api.ts';
import { consoleFiles } from './console-files.ts';
import { answerFault } from './fault.ts';
import { healthRoutes, type ReadinessChecks, type ReadinessFacts } from './health.ts';
import { metricsRoute, type ServedPage } from './metrics.ts';
import { isLoopback, isServedHost } from './served-hosts.ts';

/** Enough for probes, scrapers and the people who run the service. */
const ADMIN_TRANSPORT: TransportSettings = {
  ...DEFAULT_TRANSPORT,
  maxConnections: 256,
  maxConnectionsPerAddress: 256,
  maxPipelinedInAll: 256,
};

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
 * for Prometheus, where there is one. These three ask for no sign-in; `/admin/v1`, where there is one, does.
 * `/console/` is the page in `consoleFolder`, where there is one.
 * Keep the port on the loopback or behind something that speaks TLS. On the loopback it answers to addresses,
 * to `localhost`, and to `hostNames`; elsewhere to every name, as of a service in a cluster.
 */
export function createAdminServer(
  checks: ReadinessChecks,
  log: Logger,
  metrics?: ServedPage,
  facts: ReadinessFacts = () => ({}),
  api?: AdminApi,
  consoleFolder?: string,
  hostNames: readonly string[] = [],
): AdminServer {
  let isLocal = false;
  const isServed = ({ host }: IncomingHttpHeaders) => !isLocal || isServedHost(host, hostNames);
  const app = createApp(log, isServed);
  app.register(healthRoutes, { checks, facts });
  if (metrics !== undefined) app.register(metricsRoute, { page: metrics });
  if (api !== undefined) app.register(adminApi(api, log), { prefix: ADMIN_API });
  if (consoleFolder !== undefined) app.register(consoleFiles, { folder: consoleFolder });
  return {
    async listen(host, port) {
      await app.ready();
      isLocal = isLoopback(host);
      return listenOn(app.server, host, port, listenTrouble(log));
    },
    async close() {
      // The framework leaves a server to its owner that it did not let listen itself.
      const closed = closeServer(app.server);
      app.server.closeAllConnections();
      await Promise.all([closed, app.close()]);
    },
  };
}

/** Answered under any name: they tell nothing of worth, and no probe is to fail for its name. */
const HEALTH: ReadonlySet<string> = new Set(['/healthz', '/readyz']);

/** The admin API answers for its paths itself. */
const isOfApi = (url: string): boolean => url.startsWith(`${ADMIN_API}/`);

/** The framework on a server with this service's bounds, its faults in the form of the old call. */
function createApp(log: Logger, isServed: (headers: IncomingHttpHeaders) => boolean): FastifyInstance {
  const requestId = () => requestIdFrom(undefined);
  const arrivals = createArrivals({ transport: ADMIN_TRANSPORT, requestId, log });
  const app = fastify({
    logger: false,
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    genReqId: requestId,
    routerOptions: { ignoreTrailingSlash: false },
    serverFactory: (onRequest): Server =>
      createTransport({
        transport: ADMIN_TRANSPORT,
        arrivals,
        tls: undefined,
        onRequest,
        onSocketFault: createSocketFaultHandler((socket) => connections.ongoing(socket), log),
      }),
    // The server has a listener for these already; without this the framework adds its own.
    clientErrorHandler: () => {},
    frameworkErrors: (_error, request, reply) => void answerFault(request, reply, 'not_found'),
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
  app.addHook('onRequest', async (request, reply) => {
    connections.begin({ requestId: request.id, request: request.raw, response: reply.raw });
    if (!namesOneHost(request.raw)) {
      arrivals.endAt(request.raw);
      return answerFault(request, reply, 'no_host');
    }
    if (!isServed(request.headers) && !HEALTH.has(request.url))
      return answerFault(request, reply, 'wrong_host');
    if (request.is404 && !isOfApi(request.url)) return answerFault(request, reply, 'not_found');
  });
  app.setNotFoundHandler((request, reply) => answerFault(request, reply, 'not_found'));
  app.setErrorHandler((error, request, reply) => {
    log.error(
      { event: 'unexpected', requestId: request.id, err: error },
      'unexpected error on the admin port',
    );
    return answerFault(request, reply, error instanceof Error ? error : new Error('unknown'));
  });
  return app;
}
