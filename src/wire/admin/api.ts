import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import type { TSchema } from 'typebox';
import { Check, Convert, Errors } from 'typebox/value';
import type { Console } from '../../console/console.ts';
import { Refusal } from '../../console/refusal.ts';
import { UsageError } from '../../faults.ts';
import type { WriteAnew } from '../../ledger/erased-results.ts';
import { createCallerAddress, type ProxySettings } from '../http/caller-address.ts';
import { hasNul } from '../intake/nul.ts';
import type { OperatingTable } from '../v1/operating-points.ts';
import { adminKeyRoutes } from './admin-keys.ts';
import { adminLogRoutes } from './admin-log.ts';
import { appRoutes } from './apps.ts';
import type { AdminArea, ServerDefaults } from './area.ts';
import { auditRoutes } from './audit.ts';
import { asksForProof, createCallers } from './caller.ts';
import { keyRoutes } from './keys.ts';
import { meRoutes } from './me.ts';
import { oidcRoutes } from './oidc.ts';
import { describedRoutes, type RouteSeen } from './openapi.ts';
import { policyRoutes } from './policy.ts';
import { notFoundProblem, PROBLEM_TYPE, problemOf, type ToldProblem } from './problem.ts';
import { proofRoutes } from './proof.ts';
import { reviewRoutes } from './review.ts';
import { signInRoutes } from './sign-in.ts';
import { userRoutes } from './users.ts';

/** What the admin API is made of. */
export interface AdminApi {
  readonly console: Console;
  readonly proxies: ProxySettings;
  readonly version: string;
  readonly defaults: ServerDefaults;
  /** Measured error rates that the server was started with; uploaded ones come before them. */
  readonly operatingPoints?: readonly OperatingTable[];
  /** Copies of the store that an erasure does not reach, by name. */
  readonly notReached?: () => readonly string[];
  /** Writes results of batches anew that rows were erased from. */
  readonly writeAnew?: WriteAnew;
  /** Further areas, each a plugin with routes of its own. */
  readonly areas?: readonly AdminArea[];
}

/** Under which all paths of the admin API stand. */
export const ADMIN_API = '/admin/v1';

/** What the answers of the API may do, opened as pages: nothing. */
export const API_POLICY = "default-src 'none'; frame-ancestors 'none'";

const BODY_LIMIT = 64 * 1024;

const AREAS: readonly AdminArea[] = [
  signInRoutes,
  oidcRoutes,
  meRoutes,
  proofRoutes,
  userRoutes,
  adminKeyRoutes,
  adminLogRoutes,
  appRoutes,
  keyRoutes,
  policyRoutes,
  reviewRoutes,
  auditRoutes,
];

/** Registers the admin API: every route names who may call it, or the service does not start. */
export function adminApi(api: AdminApi, log: Logger): (app: FastifyInstance) => Promise<void> {
  const callers = createCallers(api.console);
  const addressOf = createCallerAddress(api.proxies);
  const parts = { ...api, callers };
  return async (app) => {
    const routes: RouteSeen[] = [];
    app.decorateRequest('caller', null);
    app.decorateRequest('callerAddress', '');
    app.addHook('onRoute', (route) => {
      const access = route.config?.access;
      if (access === undefined) throw new Error(`${route.url}: the route does not say who may call it`);
      route.bodyLimit ??= BODY_LIMIT;
      for (const method of [route.method].flat())
        if (method !== 'HEAD')
          routes.push({
            ...{ method, path: route.url, access, schema: route.schema ?? {} },
            asksForProof: asksForProof(method, route.config ?? {}),
          });
    });
    app.removeContentTypeParser('text/plain');
    app.setValidatorCompiler(({ schema, httpPart }) => validator(schema as TSchema, httpPart ?? 'body'));
    app.setSerializerCompiler(() => (value) => JSON.stringify(value));
    const answer = answering(log);
    app.setNotFoundHandler((request, reply) => answer(request, reply, notFoundProblem(request.id)));
    app.setErrorHandler((error, request, reply) =>
      answer(request, reply, problemOf(error, request.id), error),
    );
    app.addHook('onRequest', async (request, reply) => {
      reply.headers({
        'cache-control': 'no-store',
        'x-request-id': request.id,
        'x-content-type-options': 'nosniff',
        // Nobody looks at an answer as a page; if one does, nothing in it runs.
        'content-security-policy': API_POLICY,
      });
      request.callerAddress = addressOf(request.headers, request.socket.remoteAddress);
      if (!request.is404) await callers.admit(request, reply);
    });
    for (const area of [...AREAS, ...(api.areas ?? [])]) app.register((scope) => area(scope, parts));
    app.register((scope) => describedRoutes(scope, routes, api.version));
  };
}

/** Answers problems; what nobody foresaw stands in the log. */
function answering(log: Logger) {
  return (
    { id }: FastifyRequest,
    reply: FastifyReply,
    { problem, headers, isUnforeseen }: ToldProblem,
    error?: unknown,
  ): FastifyReply => {
    if (error instanceof Refusal && error.detail !== undefined)
      log.warn({ event: 'sign_in_refused', requestId: id, code: error.code }, error.detail);
    else if (isUnforeseen || problem.status === 503)
      log.error(
        { event: 'admin_api_failed', requestId: id, err: error },
        'a request to the admin API failed',
      );
    return reply
      .code(problem.status)
      .headers({ ...headers, 'content-type': PROBLEM_TYPE })
      .send(JSON.stringify(problem));
  };
}

/**
 * Checks a part of a request; texts of a query become what the schema wants, bodies are taken as they are.
 */
function validator(schema: TSchema, part: string) {
  const isText = part === 'querystring' || part === 'params';
  return (given: unknown) => {
    const value = isText ? Convert(schema, structuredClone(given)) : (given ?? undefined);
    if (hasNul(value))
      return { error: new UsageError('invalid_request', `${part}: texts must be without NUL characters`) };
    if (Check(schema, value)) return { value };
    const [first] = Errors(schema, value);
    const place = first?.instancePath.replaceAll('/', '.').replace(/^\./, '') || part;
    const error = new UsageError('invalid_request', `${place}: ${first?.message ?? 'has another form'}`);
    return { error };
  };
}
