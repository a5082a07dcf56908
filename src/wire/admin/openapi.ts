import type { FastifyInstance, FastifySchema } from 'fastify';
import { PERMISSIONS, type Permission } from '../../console/permissions.ts';
import type { Access } from './caller.ts';

/** A route as it was registered. */
export interface RouteSeen {
  readonly method: string;
  readonly path: string;
  readonly access: Access;
  readonly asksForProof: boolean;
  readonly schema: FastifySchema & { readonly summary?: string };
}

declare module 'fastify' {
  interface FastifySchema {
    /** What the route is for, in the description of the API. */
    summary?: string;
  }
}

/** The description of the admin API, made of the routes that are there. */
export async function describedRoutes(
  app: FastifyInstance,
  routes: readonly RouteSeen[],
  version: string,
): Promise<void> {
  app.get(
    '/openapi.json',
    { config: { access: 'none' }, schema: { summary: 'This description' } },
    async () => openApi(routes, version),
  );
}

/** An OpenAPI document of some routes. */
export function openApi(routes: readonly RouteSeen[], version: string) {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, '{$1}');
    paths[path] ??= {};
    paths[path][route.method.toLowerCase()] = operation(route);
  }
  return {
    openapi: '3.1.0',
    info: { title: 'livestill admin API', version },
    servers: [{ url: '/' }],
    paths,
    components: {
      securitySchemes: {
        session: { type: 'apiKey', in: 'cookie', name: 'livestill' },
        adminKey: { type: 'http', scheme: 'bearer' },
      },
      schemas: { Problem: PROBLEM },
    },
  };
}

const PROBLEM = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'code', 'action', 'retryable', 'requestId'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    code: { type: 'string' },
    action: { type: 'string' },
    retryable: { type: 'boolean' },
    requestId: { type: 'string' },
  },
} as const;

const PROOF =
  ' A user must have shown within the last 5 minutes who it is (POST /admin/v1/me/proof); admin keys need not.';

function operation({ method, path, access, asksForProof, schema }: RouteSeen) {
  const { body, querystring, params, summary = '' } = schema;
  const json = (content: unknown) => ({ 'application/json': { schema: content } });
  return {
    operationId: `${method.toLowerCase()}${nameOf(path)}`,
    summary,
    description: `May be called by: ${callersOf(access)}.${asksForProof ? PROOF : ''}`,
    security: access === 'none' ? [] : [{ session: [] }, ...(access === 'user' ? [] : [{ adminKey: [] }])],
    parameters: [...parametersOf(params, 'path'), ...parametersOf(querystring, 'query')],
    ...(body === undefined ? {} : { requestBody: { required: true, content: json(body) } }),
    responses: {
      '2XX': { description: 'Done.' },
      default: {
        description: 'A problem (RFC 9457).',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
  };
}

/** `/apps/:appid` as `AppsAppid`. */
function nameOf(path: string): string {
  const words = path.split(/[^A-Za-z0-9]/).filter((word) => word !== '');
  return words.map((word) => word[0]?.toUpperCase() + word.slice(1)).join('');
}

function callersOf(access: Access): string {
  if (access === 'none') return 'everybody';
  if (access === 'any') return 'every user and admin key';
  if (access === 'user') return 'every user who signed in';
  return PERMISSIONS[access satisfies Permission].join(', ');
}

function parametersOf(schema: unknown, place: 'path' | 'query') {
  const { properties = {}, required = [] } = (schema ?? {}) as {
    readonly properties?: Readonly<Record<string, unknown>>;
    readonly required?: readonly string[];
  };
  return Object.entries(properties).map(([name, one]) => ({
    name,
    in: place,
    required: required.includes(name),
    schema: one,
  }));
}
