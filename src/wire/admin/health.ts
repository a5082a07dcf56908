import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { faultEnvelope } from '../envelope.ts';
import { httpFaultEnvelope } from '../http-faults.ts';
import { listenOn } from '../listen.ts';
import type { MetricsPage } from '../metrics/metrics.ts';
import { requestIdFrom } from '../request-id.ts';
import { respond } from '../respond.ts';
import { createSocketFaultHandler } from '../socket-faults.ts';
import { createTransport, defaultTransport } from '../transport.ts';

/** What can keep the service from taking requests; each check resolves with `ok` or says in a few words what is wrong. */
export type ReadinessChecks = Readonly<Record<string, () => Promise<string>>>;

/** What `/readyz` says besides: facts that keep nothing from working. */
export type ReadinessFacts = () => Readonly<Record<string, unknown>>;

/** The admin port: is the process alive, can it take requests, and how is it doing? */
export interface AdminServer {
  /**
   * @returns the port it got
   * @throws Error with Node's `code`
   */
  listen(host: string, port: number): Promise<number>;
  close(): Promise<void>;
}

/**
 * Builds the admin server. `GET /healthz` answers 200 as long as the process answers at all; `GET /readyz` answers 200 when
 * every check says `ok`, else 503, each check named in the body. `GET /metrics` is the page for Prometheus, where there is one. It has
 * no authentication: keep it on the loopback or behind something that has.
 */
export function createAdminServer(
  checks: ReadinessChecks,
  log: Logger,
  metrics?: MetricsPage,
  facts: ReadinessFacts = () => ({}),
): AdminServer {
  const requestId = () => requestIdFrom(undefined);
  const app = createTransport({
    transport: defaultTransport,
    trustedProxies: [],
    tls: undefined,
    requestId,
    onSocketFault: createSocketFaultHandler(() => undefined, log),
  });
  const fault = (request: FastifyRequest, reply: FastifyReply, kind: 'not_found' | 'method' | Error) => {
    reply.hijack();
    const envelope = kind instanceof Error ? faultEnvelope(kind) : httpFaultEnvelope(kind);
    respond(request.raw, reply.raw, envelope, { requestId: request.id, linger: defaultTransport.linger });
  };
  app.get('/healthz', async () => ({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => {
    const found = await Promise.all(
      Object.entries(checks).map(async ([name, check]) => [name, await check()] as const),
    );
    const ready = found.every(([, state]) => state === 'ok');
    return reply
      .code(ready ? 200 : 503)
      .send({ status: ready ? 'ready' : 'not ready', checks: Object.fromEntries(found), ...facts() });
  });
  if (metrics !== undefined) {
    app.get('/metrics', async (_request, reply) =>
      reply
        .type(metrics.contentType)
        .header('cache-control', 'no-store')
        .send(await metrics.text()),
    );
  }
  app.addHook('onRequest', (request, reply, done) => {
    if (request.is404) fault(request, reply, 'not_found');
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
    listen: (host, port) => listenOn(app, host, port),
    async close() {
      const closed = app.close();
      app.server.closeAllConnections();
      await closed;
    },
  };
}
