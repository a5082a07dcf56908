import type { FastifyInstance, FastifyRequest } from 'fastify';
import Type, { type Static } from 'typebox';
import { linkUrl } from '../../console/console.ts';
import { Refusal } from '../../console/refusal.ts';
import type { ConsoleUser } from '../../console/types.ts';
import type { Link } from '../../console/users.ts';
import type { AreaParts } from './area.ts';
import { closed, idParams, roleSchema, textUpTo } from './shapes.ts';

const newBody = closed({ name: textUpTo(100), role: roleSchema });
const changeBody = closed({
  name: Type.Optional(textUpTo(100)),
  role: Type.Optional(roleSchema),
  enabled: Type.Optional(Type.Boolean()),
  keepAdminKeys: Type.Optional(Type.Boolean()),
});
const removeQuery = closed({ keepAdminKeys: Type.Optional(Type.Boolean()) });

/** The users of the console, for administrators. */
export async function userRoutes(app: FastifyInstance, { console, callers }: AreaParts): Promise<void> {
  const { backing, users, settings } = console;
  const administrators = { config: { access: 'users' } } as const;
  const withLink = ({ user, link }: { readonly user: ConsoleUser; readonly link: Link }) => ({
    user,
    link: { url: linkUrl(settings.url(), link.token), until: link.until },
  });

  app.get('/users', { ...administrators, schema: { summary: 'All users' } }, async () => ({
    items: await backing.console.listUsers(),
    next: null,
  }));
  app.post<{ Body: Static<typeof newBody> }>(
    '/users',
    { ...administrators, schema: { body: newBody, summary: 'Add a user, who sets a password by the link' } },
    async (request, reply) =>
      reply.code(201).send(withLink(await users.add(callers.changes(request), request.body))),
  );
  app.patch<{ Params: Static<typeof idParams>; Body: Static<typeof changeBody> }>(
    '/users/:id',
    {
      ...administrators,
      schema: {
        params: idParams,
        body: changeBody,
        summary: 'Change name, role or state; admin keys go with who may make none any more',
      },
    },
    async (request) => users.change(callers.changes(request), request.params.id, request.body),
  );
  app.delete<{ Params: Static<typeof idParams>; Querystring: Static<typeof removeQuery> }>(
    '/users/:id',
    {
      ...administrators,
      schema: {
        params: idParams,
        querystring: removeQuery,
        summary: 'Remove a user and the admin keys that the user made; the log of changes keeps the name',
      },
    },
    async (request, reply) => {
      const { keepAdminKeys = false } = request.query;
      await callers.changes(request).removeUser(request.params.id, keepAdminKeys);
      return reply.code(204).send();
    },
  );
  app.post<{ Params: Static<typeof idParams> }>(
    '/users/:id/reset-second-factor',
    {
      ...administrators,
      schema: { params: idParams, summary: 'Take TOTP and passkeys; the password stays' },
    },
    async (request) => {
      needOther(request, request.params.id);
      return users.resetSecondFactor(callers.changes(request), request.params.id);
    },
  );
  app.post<{ Params: Static<typeof idParams> }>(
    '/users/:id/reset',
    {
      ...administrators,
      schema: { params: idParams, summary: 'Take password, TOTP and passkeys; a link sets a new one' },
    },
    async (request) => {
      needOther(request, request.params.id);
      return withLink(await users.reset(callers.changes(request), request.params.id));
    },
  );
}

/**
 * A reset hands out a link for another password, and needs no old one: what one knows oneself is changed with
 * it.
 * @throws {Refusal} `not_permitted`
 */
function needOther({ caller }: FastifyRequest, id: string): void {
  if (caller?.kind !== 'user' || caller.user.id !== id) return;
  throw new Refusal(
    'not_permitted',
    'How you sign in yourself is changed under /admin/v1/me, with your password.',
  );
}
