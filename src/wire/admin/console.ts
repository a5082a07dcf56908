import type { FastifyError, FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { asFault, Fault } from '../../faults.ts';
import { type ActivityDeps, activityRoutes } from './activity.ts';
import { type DecisionsDeps, decisionRoutes } from './decisions.ts';
import { answerProblem } from './problem.ts';
import { type TryDeps, tryRoutes } from './try.ts';

/** What the pages of the console read and do. */
export type ConsoleDeps = DecisionsDeps & ActivityDeps & TryDeps & { readonly log: Logger };

/** The calls below `/admin/v1` that show what the service does, every fault as a problem. */
export async function consoleRoutes(app: FastifyInstance, deps: ConsoleDeps): Promise<void> {
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const fault = asRequestFault(error);
    if (asFault(fault).area === 'internal') {
      deps.log.error(
        { event: 'unexpected', requestId: request.id, err: error },
        'unexpected error on the admin port',
      );
    }
    return answerProblem(request, reply, fault);
  });
  app.addHook('onSend', async (_request, reply) => {
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store');
    reply.header('x-content-type-options', 'nosniff');
  });
  await app.register(decisionRoutes, deps);
  await app.register(activityRoutes, deps);
  await app.register(tryRoutes, deps);
}

/** What the framework refuses, as a fault of the request; every other error as it is. */
function asRequestFault(error: FastifyError): unknown {
  if (error instanceof Fault || error.statusCode === undefined || error.statusCode >= 500) return error;
  return new Fault('request_malformed', 'schema', error.message);
}
