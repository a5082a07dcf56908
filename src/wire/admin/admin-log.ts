import type { FastifyInstance } from 'fastify';
import Type, { type Static } from 'typebox';
import type { AreaParts } from './area.ts';
import { closed, momentSchema, PAGE, PAGE_QUERY, pageOf, textUpTo } from './shapes.ts';

const query = closed({
  ...PAGE_QUERY,
  /** The number of an entry. */
  after: Type.Optional(Type.String({ pattern: '^\\d{1,15}$' })),
  from: Type.Optional(momentSchema),
  to: Type.Optional(momentSchema),
  action: Type.Optional(textUpTo(100)),
  target: Type.Optional(textUpTo(200)),
  actor: Type.Optional(textUpTo(100)),
});

/**
 * The log of changes, newest first: who did what, from where, before and after, and its place in the chain.
 */
export async function adminLogRoutes(app: FastifyInstance, { console }: AreaParts): Promise<void> {
  app.get<{ Querystring: Static<typeof query> }>(
    '/admin-log',
    { config: { access: 'adminLog' }, schema: { querystring: query, summary: 'Changes by operators' } },
    async (request) => {
      const { after, limit = PAGE, from, to, action, target, actor } = request.query;
      const found = await console.backing.chains.adminLog(limit + 1, {
        action,
        target,
        actor,
        before: after === undefined ? undefined : Number(after),
        since: from === undefined ? undefined : new Date(from),
        until: to === undefined ? undefined : new Date(to),
      });
      const page = pageOf(found, limit, (last) => String(last.id));
      const items = page.items.map(({ id, hash, ...entry }) => ({ ...entry, chain: { id, hash } }));
      return { items, next: page.next };
    },
  );
}
