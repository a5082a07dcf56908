import type { FastifyInstance } from 'fastify';
import { shared } from './shared.ts';

/**
 * What can keep the service from taking requests; each check resolves with `ok` or says in a few words what
 * is wrong.
 */
export type ReadinessChecks = Readonly<Record<string, () => Promise<string>>>;

/** What `/readyz` says besides: facts that keep nothing from working. */
export type ReadinessFacts = () => Readonly<Record<string, unknown>>;

/** `GET /healthz` and `GET /readyz`. */
export async function healthRoutes(
  app: FastifyInstance,
  { checks, facts }: { readonly checks: ReadinessChecks; readonly facts: ReadinessFacts },
): Promise<void> {
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
}
