import type { FastifyInstance } from 'fastify';
import Type, { type Static } from 'typebox';
import { type Oidc, PENDING_MS } from '../../console/oidc/oidc.ts';
import { UsageError } from '../../faults.ts';
import type { AreaParts } from './area.ts';
import { pendingCookie, pendingToken } from './cookie.ts';
import { closed } from './shapes.ts';
import { opening } from './sign-in.ts';

/** `again`: as a proof of who sits there, also for a person whom the provider knows already. */
const beginQuery = closed({ again: Type.Optional(Type.Boolean()) });
/** What the provider sent the browser back with: the part of the address behind `?`. */
const finishBody = closed({ query: Type.String({ minLength: 1, maxLength: 8192 }) });

/** Signing in at an OpenID Connect provider. */
export async function oidcRoutes(app: FastifyInstance, parts: AreaParts): Promise<void> {
  const { console, callers } = parts;
  const open = opening(parts);
  const everybody = { config: { access: 'none' } } as const;
  const oidc = (): Oidc => {
    if (console.oidc === null) throw new UsageError('provider_unknown', 'no sign-in provider is set up here');
    return console.oidc;
  };
  app.post<{ Querystring: Static<typeof beginQuery> }>(
    '/sign-in/oidc',
    {
      ...everybody,
      schema: {
        querystring: beginQuery,
        summary:
          'Begin a sign-in at the provider, or show there again who sits there: where the browser goes',
      },
    },
    async (request, reply) => {
      callers.pace(request);
      const isTls = callers.isTls();
      const { url, browser } = await oidc().begin(
        pendingToken(request.headers.cookie, isTls),
        request.query.again ?? false,
      );
      reply.header('set-cookie', pendingCookie(browser, isTls, PENDING_MS / 1000));
      return { url };
    },
  );
  app.post<{ Body: Static<typeof finishBody> }>(
    '/sign-in/oidc/finish',
    {
      ...everybody,
      schema: { body: finishBody, summary: 'End the sign-in that the provider came back from' },
    },
    async (request, reply) => {
      const isTls = callers.isTls();
      const browser = pendingToken(request.headers.cookie, isTls);
      const { user, provenAt } = await oidc().finish(request.body.query, browser, request.callerAddress);
      const me = await open(request, reply, user, provenAt);
      reply.header('set-cookie', pendingCookie(null, isTls, 0));
      return me;
    },
  );
}
