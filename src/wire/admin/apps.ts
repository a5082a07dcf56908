import type { FastifyInstance } from 'fastify';
import Type, { type Static } from 'typebox';
import { appVersion } from '../../account/app-version.ts';
import type { App, ChangedApp } from '../../account/types.ts';
import { makeApp } from '../../console/apps.ts';
import type { RecentUse } from '../../console/types.ts';
import { UsageError } from '../../faults.ts';
import type { AreaParts } from './area.ts';
import { appParams, closed, oneOf, orNull, PAGE, PAGE_QUERY, pageOf, textUpTo } from './shapes.ts';

const limitsSchema = closed({
  requestsPerSecond: Type.Optional(orNull(Type.Number())),
  burst: Type.Optional(orNull(Type.Number())),
  concurrent: Type.Optional(orNull(Type.Number())),
  daily: Type.Optional(orNull(Type.Number())),
});
const stateSchema = oneOf(['active', 'suspended', 'closed']);
const bucketsSchema = Type.Array(textUpTo(64), { maxItems: 100 });
const newBody = closed({
  appid: Type.Optional(textUpTo(15)),
  name: Type.Optional(textUpTo(100)),
  buckets: Type.Optional(bucketsSchema),
  limits: Type.Optional(limitsSchema),
  /** A pair of the old service that is brought along. */
  secretId: Type.Optional(textUpTo(64)),
  secretKey: Type.Optional(textUpTo(128)),
});
const changeBody = closed({
  name: Type.Optional(textUpTo(100)),
  state: Type.Optional(stateSchema),
  limits: Type.Optional(limitsSchema),
  buckets: Type.Optional(bucketsSchema),
  ifVersion: Type.Optional(textUpTo(64)),
});
const listQuery = closed({
  ...PAGE_QUERY,
  /** In the name, or at the start of the appid. */
  text: Type.Optional(textUpTo(100)),
  state: Type.Optional(stateSchema),
});

const HOUR = 3_600_000;

/** Requests of the last hour: what a change now concerns. */
export function lastHour({ console }: Pick<AreaParts, 'console'>, appid: string | null): Promise<RecentUse> {
  return console.backing.console.recentUse(appid, new Date(console.clock() - HOUR));
}

/** An app with its rules, and the version by which a change says what it was made for. */
export function appBody({ app, rules }: ChangedApp, use: RecentUse) {
  return { ...app, rules, version: appVersion(app, rules), lastHour: countOf(use.apps[app.appid], use) };
}

/** A number of requests; `atLeast` where more were made than are counted. */
export function countOf(requests: number | undefined, { isCut }: RecentUse) {
  return { requests: requests ?? 0, atLeast: isCut };
}

/** @throws {UsageError} `secret_incomplete` */
export function broughtPair(given: {
  readonly secretId?: string | undefined;
  readonly secretKey?: string | undefined;
}): { readonly secretId: string; readonly secretKey: string } | null {
  const { secretId, secretKey } = given;
  if (secretId === undefined && secretKey === undefined) return null;
  if (secretId === undefined || secretKey === undefined)
    throw new UsageError('secret_incomplete', 'expected secretId and secretKey together');
  return { secretId, secretKey };
}

/** @throws {UsageError} `app_unknown` */
export async function needApp({ console }: Pick<AreaParts, 'console'>, appid: string): Promise<App> {
  const found = await console.backing.accounts.findApp(appid);
  if (found === null) throw new UsageError('app_unknown', 'there is no such app');
  return found;
}

/** The apps. */
export async function appRoutes(app: FastifyInstance, parts: AreaParts): Promise<void> {
  const { console, callers } = parts;
  const { accounts, rules, usage } = console.backing;
  const read = { config: { access: 'apps.read' } } as const;
  const write = { config: { access: 'apps.write' } } as const;

  app.get<{ Querystring: Static<typeof listQuery> }>(
    '/apps',
    { ...read, schema: { querystring: listQuery, summary: 'The apps, oldest first' } },
    async (request) => {
      const { after, limit = PAGE, text, state } = request.query;
      const found = await accounts.listApps(limit + 1, after, { text, state });
      const use = await lastHour(parts, null);
      const page = pageOf(found, limit, (last) => last.appid);
      const items = page.items.map((one) => ({ ...one, lastHour: countOf(use.apps[one.appid], use) }));
      return { items, next: page.next };
    },
  );
  app.post<{ Body: Static<typeof newBody> }>(
    '/apps',
    {
      config: { ...write.config, proof: true },
      schema: { body: newBody, summary: 'Make an app and its first pair, which is shown this once' },
    },
    async (request, reply) => {
      const { secretId, secretKey, ...wanted } = request.body;
      const brought = broughtPair({ secretId, secretKey });
      const made = await makeApp(callers.changes(request), wanted, brought);
      const use = { apps: {}, keys: {}, isCut: false };
      const found = await rules.findRules(made.app.appid);
      return reply
        .code(201)
        .send({ app: appBody({ app: made.app, rules: found }, use), secret: made.secret });
    },
  );
  app.get<{ Params: Static<typeof appParams> }>(
    '/apps/:appid',
    { ...read, schema: { params: appParams, summary: 'One app, its rules, its version and its use' } },
    async (request) => {
      const { appid } = request.params;
      const found = await needApp(parts, appid);
      const day = new Date(console.clock()).toISOString().slice(0, 10);
      return {
        ...appBody({ app: found, rules: await rules.findRules(appid) }, await lastHour(parts, appid)),
        /** Counted for apps with a daily limit alone. */
        usedToday: found.limits.daily === null ? null : await usage.used(appid, day),
      };
    },
  );
  app.patch<{ Params: Static<typeof appParams>; Body: Static<typeof changeBody> }>(
    '/apps/:appid',
    {
      ...write,
      schema: { params: appParams, body: changeBody, summary: 'Change what is named, all of it or nothing' },
    },
    async (request) => {
      const { appid } = request.params;
      const { ifVersion = null, ...change } = request.body;
      // It is closed for good.
      if (change.state === 'closed') callers.needProof(request);
      const changed = await callers.changes(request).changeApp(appid, change, ifVersion);
      return appBody(changed, await lastHour(parts, appid));
    },
  );
}
