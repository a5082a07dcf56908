import type { FastifyInstance } from 'fastify';
import Type, { type Static } from 'typebox';
import { makeAdminKey } from '../../console/admin-keys.ts';
import type { AreaParts } from './area.ts';
import { closed, idParams, momentSchema, networksSchema, orNull, roleSchema, textUpTo } from './shapes.ts';

const newBody = closed({
  name: textUpTo(100),
  role: roleSchema,
  networks: Type.Optional(networksSchema),
  expiresAt: Type.Optional(orNull(momentSchema)),
});

/** Keys by which programs use the admin API. */
export async function adminKeyRoutes(app: FastifyInstance, { console, callers }: AreaParts): Promise<void> {
  const keys = { config: { access: 'adminKeys' } } as const;
  app.get('/admin-keys', { ...keys, schema: { summary: 'All admin keys' } }, async () => ({
    items: await console.backing.console.listAdminKeys(),
    next: null,
  }));
  app.post<{ Body: Static<typeof newBody> }>(
    '/admin-keys',
    { ...keys, schema: { body: newBody, summary: 'Make an admin key; it is shown this once' } },
    async (request, reply) => {
      const { caller } = request;
      const { name, role, networks = [], expiresAt = null } = request.body;
      const wanted = {
        ...{ name, role, networks, expiresAt: expiresAt === null ? null : new Date(expiresAt) },
        madeBy: (caller?.kind === 'user' ? caller.user.id : caller?.key.madeBy) ?? null,
      };
      const made = await makeAdminKey(callers.changes(request), wanted, console.clock());
      return reply.code(201).send(made);
    },
  );
  app.delete<{ Params: Static<typeof idParams> }>(
    '/admin-keys/:id',
    { ...keys, schema: { params: idParams, summary: 'Remove an admin key' } },
    async (request, reply) => {
      await callers.changes(request).removeAdminKey(request.params.id);
      return reply.code(204).send();
    },
  );
  app.post(
    '/master-key/rotate',
    { ...keys, schema: { summary: 'Encrypt all stored SecretKeys under a new master key' } },
    async (request) => callers.changes(request).rotateMasterKey(),
  );
}
