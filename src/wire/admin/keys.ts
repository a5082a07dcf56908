import type { FastifyInstance } from 'fastify';
import Type, { type Static } from 'typebox';
import { API_KEY_SCOPES } from '../../account/api-key/api-key.ts';
import { makeApiKey, makePair, replaceApiKey, replacePair } from '../../console/apps.ts';
import { broughtPair, countOf, lastHour } from './apps.ts';
import type { AreaParts } from './area.ts';
import {
  appParams,
  closed,
  idParams,
  momentSchema,
  networksSchema,
  oneOf,
  orNull,
  textUpTo,
} from './shapes.ts';

const PAIR_MEMBERS = { secretId: Type.Optional(textUpTo(64)), secretKey: Type.Optional(textUpTo(128)) };
const pairBody = closed(PAIR_MEMBERS);
/** How long the old one still works, in seconds. */
const overlap = Type.Optional(Type.Integer({ minimum: 0, maximum: 90 * 86_400 }));
const replaceBody = closed({ overlapSeconds: overlap, ...PAIR_MEMBERS });
const replaceKeyBody = closed({ overlapSeconds: overlap });
const enabledBody = closed({ enabled: Type.Boolean() });
const apiKeyBody = closed({
  name: Type.Optional(textUpTo(100)),
  scopes: Type.Optional(Type.Array(oneOf(API_KEY_SCOPES), { minItems: 1 })),
  networks: Type.Optional(networksSchema),
  expiresAt: Type.Optional(orNull(momentSchema)),
});

const DEFAULT_OVERLAP = 86_400;
const KEYS = { config: { access: 'keys' } } as const;

/** The keys of the apps, for both APIs. What is made is shown once, in the answer. */
export async function keyRoutes(app: FastifyInstance, parts: AreaParts): Promise<void> {
  pairRoutes(app, parts);
  apiKeyRoutes(app, parts);
}

function pairRoutes(app: FastifyInstance, parts: AreaParts): void {
  const { console, callers } = parts;
  app.get<{ Params: Static<typeof appParams> }>(
    '/apps/:appid/secrets',
    { ...KEYS, schema: { params: appParams, summary: 'The SecretId/SecretKey pairs of an app' } },
    async (request) => {
      const { appid } = request.params;
      const found = await console.backing.accounts.listSecrets(appid);
      const use = await lastHour(parts, appid);
      const items = found.map((one) => ({ ...one, lastHour: countOf(use.keys[one.secretId], use) }));
      return { items, next: null };
    },
  );
  app.post<{ Params: Static<typeof appParams>; Body: Static<typeof pairBody> }>(
    '/apps/:appid/secrets',
    { ...KEYS, schema: { params: appParams, body: pairBody, summary: 'Make a pair, or bring one along' } },
    async (request, reply) => {
      const brought = broughtPair(request.body);
      const made = await makePair(callers.changes(request), request.params.appid, brought);
      return reply.code(201).send(made);
    },
  );
  app.patch<{ Params: Static<typeof idParams>; Body: Static<typeof enabledBody> }>(
    '/secrets/:id',
    { ...KEYS, schema: { params: idParams, body: enabledBody, summary: 'Switch a pair off or on' } },
    async (request) => callers.changes(request).setSecretEnabled(request.params.id, request.body.enabled),
  );
  app.post<{ Params: Static<typeof idParams>; Body: Static<typeof replaceBody> }>(
    '/secrets/:id/rotate',
    { ...KEYS, schema: { params: idParams, body: replaceBody, summary: 'Replace a pair, with an overlap' } },
    async (request, reply) => {
      const { overlapSeconds = DEFAULT_OVERLAP, ...pair } = request.body;
      const oldEndsAt = new Date(console.clock() + overlapSeconds * 1000);
      const { id } = request.params;
      const made = await replacePair(callers.changes(request), id, broughtPair(pair), oldEndsAt);
      return reply.code(201).send({ ...made, replaced: { secretId: id, endsAt: oldEndsAt } });
    },
  );
}

function apiKeyRoutes(app: FastifyInstance, parts: AreaParts): void {
  const { console, callers } = parts;
  app.get<{ Params: Static<typeof appParams> }>(
    '/apps/:appid/api-keys',
    { ...KEYS, schema: { params: appParams, summary: 'The API keys of an app' } },
    async (request) => {
      const { appid } = request.params;
      const found = await console.backing.apiKeys.listApiKeys(appid);
      const use = await lastHour(parts, appid);
      const items = found.map((one) => ({ ...one, lastHour: countOf(use.keys[one.keyId], use) }));
      return { items, next: null };
    },
  );
  app.post<{ Params: Static<typeof appParams>; Body: Static<typeof apiKeyBody> }>(
    '/apps/:appid/api-keys',
    { ...KEYS, schema: { params: appParams, body: apiKeyBody, summary: 'Make an API key' } },
    async (request, reply) => {
      const { expiresAt = null, ...wanted } = request.body;
      const end = expiresAt === null ? null : new Date(expiresAt);
      const changes = callers.changes(request);
      const made = await makeApiKey(changes, request.params.appid, { ...wanted, expiresAt: end });
      return reply.code(201).send(made);
    },
  );
  app.patch<{ Params: Static<typeof idParams>; Body: Static<typeof enabledBody> }>(
    '/api-keys/:id',
    { ...KEYS, schema: { params: idParams, body: enabledBody, summary: 'Switch an API key off or on' } },
    async (request) => callers.changes(request).setApiKeyEnabled(request.params.id, request.body.enabled),
  );
  app.post<{ Params: Static<typeof idParams>; Body: Static<typeof replaceKeyBody> }>(
    '/api-keys/:id/rotate',
    {
      ...KEYS,
      schema: { params: idParams, body: replaceKeyBody, summary: 'Replace an API key, with an overlap' },
    },
    async (request, reply) => {
      const { overlapSeconds = DEFAULT_OVERLAP } = request.body;
      const oldEndsAt = new Date(console.clock() + overlapSeconds * 1000);
      const { id } = request.params;
      const made = await replaceApiKey(callers.changes(request), id, oldEndsAt);
      return reply.code(201).send({ ...made, replaced: { keyId: id, endsAt: oldEndsAt } });
    },
  );
}
