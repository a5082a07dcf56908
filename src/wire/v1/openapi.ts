import type { TSchema } from 'typebox';
import { API_KEY_SCOPES } from '../../account/api-key/api-key.ts';
import { batchOperations } from './batch-operations.ts';
import { batchListSchema, batchRequestSchema, batchResultsSchema, batchSchema } from './batch-schemas.ts';
import { EXAMPLE_ANSWER } from './example.ts';
import type { Json, OpenApiDocument, Operation } from './openapi-types.ts';
import { PROBLEM_KINDS, type ProblemCode, type ProblemKind } from './problem-catalogue.ts';
import {
  jsonRequestSchema,
  livenessSchema,
  operatingPointsSchema,
  problemSchema,
  togetherSchema,
} from './schemas.ts';
import { sessionOperations } from './sessions/operations.ts';
import {
  newSessionSchema,
  progressSchema,
  sessionRequestSchema,
  sessionSchema,
  startRequestSchema,
} from './sessions/schemas.ts';

const ALWAYS: readonly ProblemCode[] = [
  'malformed_request',
  'method_not_allowed',
  'headers_too_large',
  'internal_error',
];
const KEYED: readonly ProblemCode[] = [
  'api_key_missing',
  'api_key_invalid',
  'api_key_disabled',
  'api_key_expired',
  'address_not_allowed',
  'scope_missing',
  'app_suspended',
  'app_closed',
  'store_unavailable',
];
const JUDGING: readonly ProblemCode[] = [
  'invalid_request',
  'picture_missing',
  'idempotency_key_invalid',
  'request_timeout',
  'idempotency_in_progress',
  'body_too_large',
  'unsupported_media_type',
  'expectation_failed',
  'picture_unreadable',
  'download_failed',
  'idempotency_key_reused',
  'rate_limited',
  'overloaded',
];

const BINARY: Json = { schema: { type: 'string', contentMediaType: 'application/octet-stream' } };

/** The OpenAPI 3.1 document of the v1 API, made from its schemas; `version` is that of livestill. */
export function openApiDocument(version: string): OpenApiDocument {
  const schemas = components([
    livenessSchema,
    togetherSchema,
    jsonRequestSchema,
    operatingPointsSchema,
    batchRequestSchema,
    batchSchema,
    batchListSchema,
    batchResultsSchema,
    sessionRequestSchema,
    newSessionSchema,
    sessionSchema,
    startRequestSchema,
    progressSchema,
    problemSchema,
  ]);
  return {
    openapi: '3.1.0',
    info: {
      title: 'livestill',
      version,
      summary: 'Tells a live person from a picture of a picture, out of one still photo.',
      description:
        'Face anti-spoofing (presentation attack detection, ISO/IEC 30107-3) from one picture. Every fault is a problem (RFC ' +
        '9457) with a stable code. Every reply carries X-Request-Id, the name of the request in the log and the ledger (the ' +
        'audit log of decisions) of the server. Texts are English or Chinese, by Accept-Language.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/', description: 'The service that this document was read from.' }],
    tags: [
      { name: 'liveness', description: 'Judging pictures.' },
      { name: 'batches', description: 'Many pictures, judged by and by.' },
      { name: 'sessions', description: 'Pictures bound to the page that took them.' },
      { name: 'documents', description: 'What describes the API itself; needs no API key.' },
    ],
    paths: {
      '/v1/liveness': { post: judgeOperation() },
      '/v1/operating-points': {
        get: {
          operationId: 'getOperatingPoints',
          summary: 'Measured error rates by threshold',
          description:
            'How many bona fide presentations are refused and how many attack presentations accepted at a threshold, and on what data ' +
            'that was measured. Needs the scope read:operating-points.',
          tags: ['liveness'],
          security: [{ apiKey: ['read:operating-points'] }],
          parameters: [],
          responses: { ...ok('The tables.', 'OperatingPoints'), ...problems([...ALWAYS, ...KEYED]) },
        },
      },
      ...batchOperations({ ok, problems, reference, always: [...ALWAYS, ...KEYED] }),
      ...sessionOperations({ ok, problems, reference, always: [...ALWAYS, ...KEYED] }),
      '/v1/openapi.json': {
        get: documentOperation('getOpenApi', 'This document', 'application/json', { type: 'object' }),
      },
      '/v1/reference': {
        get: documentOperation('getReference', 'The reference page', 'text/html', { type: 'string' }),
      },
    },
    components: {
      schemas,
      securitySchemes: {
        apiKey: {
          type: 'http',
          scheme: 'bearer',
          description:
            'An API key of an app: lsk_ and 44 letters or digits. The operator makes one with "livestill key create --kind api"; it ' +
            `is shown once. Scopes: ${API_KEY_SCOPES.join(', ')}.`,
        },
        sessionToken: {
          type: 'http',
          scheme: 'bearer',
          description: 'The token of one session, lst_…: given to its page.',
        },
      },
      headers: {
        'X-Request-Id': { description: 'Names the request in the log.', schema: { type: 'string' } },
        'Retry-After': {
          description: 'Seconds after which another try makes sense.',
          schema: { type: 'integer', minimum: 1 },
        },
        'Idempotency-Replayed': {
          description: 'true: this is the kept answer of an earlier request with the same Idempotency-Key.',
          schema: { type: 'string', enum: ['true'] },
        },
        'Idempotency-Kept-For': {
          description:
            'Only where the app has more keys than its share: for so many seconds its answers are kept at present, in place of 24 hours.',
          schema: { type: 'integer', minimum: 0 },
        },
      },
    },
    'x-problems': Object.fromEntries(
      Object.entries(PROBLEM_KINDS).map(([code, { kind: _kind, ...known }]) => [code, known]),
    ),
  };
}

function judgeOperation(): Operation {
  return {
    operationId: 'judgeLiveness',
    summary: 'Judge one picture, or several stills of one moment',
    description:
      'Says whether a picture shows a live person (a bona fide presentation) or a picture of a picture (an attack presentation). ' +
      'A picture that is not fit to be judged, or shows no face, is answered as such with status 200, never as an attack. ' +
      'Two to five stills are judged each and answered together (LivenessTogether): one verdict with the score of all that are fit. Such a request ' +
      'counts as one against limits of requests. Needs the scope judge. The picture is never stored.',
    tags: ['liveness'],
    security: [{ apiKey: ['judge'] }],
    parameters: [
      {
        name: 'Idempotency-Key',
        in: 'header',
        description:
          'A name of your own for this request, such as a UUID. The same key with the same picture gets the same answer for 24 hours, ' +
          'also after a restart; with another picture it is refused.',
        schema: { type: 'string', minLength: 1, maxLength: 255 },
      },
      {
        name: 'X-Reference',
        in: 'header',
        description:
          'Your own reference for the person or case, kept with the decision in the audit log: by it the decision can be found and erased. ' +
          'Opaque; no name or number of a person.',
        schema: { type: 'string', minLength: 1, maxLength: 128, pattern: '^[!-~]+$' },
      },
      {
        name: 'Accept-Language',
        in: 'header',
        description: 'Language of the texts: en or zh.',
        schema: { type: 'string' },
      },
      {
        name: 'X-Request-Id',
        in: 'header',
        description:
          'Your own name for the request in the log of the server, where the server is set to take it.',
        schema: { type: 'string', maxLength: 128 },
      },
    ],
    requestBody: {
      required: true,
      description:
        'One still JPEG, PNG, WebP, BMP, HEIC or AVIF. Its kind is told by its content; HEIC and AVIF must not be sent as another kind of picture.',
      content: {
        'image/jpeg': BINARY,
        'image/png': BINARY,
        'image/webp': BINARY,
        'image/bmp': BINARY,
        'image/heic': BINARY,
        'image/heif': BINARY,
        'image/avif': BINARY,
        'application/octet-stream': BINARY,
        'multipart/form-data': {
          schema: {
            type: 'object',
            description:
              'Exactly one of the parts image (a file) and url; or two to five parts images (files) or urls, in the order in which they were taken.',
            properties: {
              image: { type: 'string', contentMediaType: 'application/octet-stream' },
              url: { type: 'string', format: 'uri' },
              images: {
                type: 'array',
                items: { type: 'string', contentMediaType: 'application/octet-stream' },
              },
              urls: { type: 'array', items: { type: 'string', format: 'uri' } },
            },
          },
        },
        'application/json': { schema: reference('LivenessRequest') },
      },
    },
    responses: {
      ...ok(
        'The picture was looked at; verdict says what came of it. LivenessTogether answers several stills.',
        { oneOf: [reference('Liveness'), reference('LivenessTogether')] },
        ['Idempotency-Replayed', 'Idempotency-Kept-For'],
        EXAMPLE_ANSWER as unknown as Json,
      ),
      ...problems([...ALWAYS, ...KEYED, ...JUDGING]),
    },
  };
}

function documentOperation(operationId: string, summary: string, type: string, schema: Json): Operation {
  return {
    operationId,
    summary,
    description: 'Needs no API key.',
    tags: ['documents'],
    security: [],
    parameters: [],
    responses: {
      '200': { description: summary, headers: headers(), content: { [type]: { schema } } },
      ...problems(ALWAYS),
    },
  };
}

const reference = (name: string): Json => ({ $ref: `#/components/schemas/${name}` });

function headers(more: readonly string[] = []): Json {
  return Object.fromEntries(
    ['X-Request-Id', ...more].map((name) => [name, { $ref: `#/components/headers/${name}` }]),
  );
}

function ok(
  description: string,
  schema: Json,
  more: readonly string[] = [],
  example?: Json,
): Operation['responses'] {
  return {
    '200': {
      description,
      headers: headers(more),
      content: {
        'application/json': {
          schema: typeof schema === 'string' ? reference(schema) : schema,
          ...(example === undefined ? {} : { example }),
        },
      },
    },
  };
}

/** The problems an operation answers, by status. */
function problems(codes: readonly ProblemCode[]): Operation['responses'] {
  const byStatus = new Map<number, ProblemCode[]>();
  for (const code of codes) {
    const { status } = PROBLEM_KINDS[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus]
      .sort(([a], [b]) => a - b)
      .map(([status, list]) => [
        String(status),
        {
          description: list.map((code) => `${code}: ${PROBLEM_KINDS[code].title.en}.`).join(' '),
          headers: headers(list.some((code) => waits(PROBLEM_KINDS[code])) ? ['Retry-After'] : []),
          content: { 'application/problem+json': { schema: reference('Problem') } },
        },
      ]),
  );
}

const waits = ({ status }: ProblemKind): boolean => [409, 429, 503].includes(status);

/** Every schema with a title, by its title, each referring to the others. */
function components(roots: readonly TSchema[]): Record<string, Json> {
  const found: Record<string, Json> = {};
  const visit = (schema: Json): Json => {
    if (Array.isArray(schema)) return schema.map(visit);
    if (typeof schema !== 'object' || schema === null) return schema;
    const members = schema as Readonly<Record<string, Json>>;
    const plain = Object.fromEntries(Object.entries(members).map(([name, value]) => [name, visit(value)]));
    if (typeof members.title !== 'string') return plain;
    const { title: _title, ...rest } = plain;
    found[members.title] = rest;
    return reference(members.title);
  };
  // Through JSON, so that nothing of the schema library's own is left.
  for (const root of roots) visit(JSON.parse(JSON.stringify(root)) as Json);
  return Object.fromEntries(Object.entries(found).sort(([a], [b]) => (a < b ? -1 : 1)));
}
