import type { OperationParts } from '../batch-operations.ts';
import type { Json, OpenApiDocument, Operation } from '../openapi-types.ts';
import type { ProblemCode } from '../problem-catalogue.ts';

const SESSION_ID = {
  name: 'sessionId',
  in: 'path',
  required: true,
  description: 'The session.',
  schema: { type: 'string', pattern: '^ses_[A-Za-z0-9_-]{22}$' },
};
const header = (name: string, description: string, schema: Json) => ({
  name,
  in: 'header',
  description,
  schema,
});
/** What a page with a token may be refused with. */
const PAGE: readonly ProblemCode[] = [
  'malformed_request',
  'method_not_allowed',
  'headers_too_large',
  'internal_error',
  'store_unavailable',
  'session_token_invalid',
  'upload_refused',
  'session_conflict',
  'invalid_request',
  'request_timeout',
  'body_too_large',
  'unsupported_media_type',
  'expectation_failed',
  'overloaded',
];
const BODY: readonly ProblemCode[] = [
  'invalid_request',
  'request_timeout',
  'body_too_large',
  'unsupported_media_type',
  'expectation_failed',
  'rate_limited',
  'overloaded',
];
const KEYED = [{ apiKey: ['sessions'] }, { apiKey: ['judge'] }];
const TOKEN = [{ sessionToken: [] }];

/** The paths under `/v1/sessions`. */
export function sessionOperations({
  ok,
  problems,
  reference,
  always,
}: OperationParts): OpenApiDocument['paths'] {
  const keyed = (
    operationId: string,
    summary: string,
    description: string,
    more: readonly ProblemCode[],
  ): Operation => ({
    operationId,
    summary,
    description: `${description} Needs the scope sessions or judge.`,
    tags: ['sessions'],
    security: KEYED,
    parameters: [SESSION_ID],
    responses: { ...ok(summary, 'Session'), ...problems([...always, ...more]) },
  });
  const { 200: made } = ok('The session; its token is shown this once.', 'NewSession');
  const create: Operation = {
    ...keyed('createSession', 'Make a session', 'For a page that takes pictures of one person.', []),
    parameters: [],
    requestBody: {
      required: true,
      description: 'What it is bound to; {} for the defaults.',
      content: { 'application/json': { schema: reference('SessionRequest') } },
    },
    responses: { ...(made === undefined ? {} : { 201: made }), ...problems([...always, ...BODY]) },
  };
  return {
    '/v1/sessions': { post: create },
    '/v1/sessions/{sessionId}': {
      get: keyed('getSession', 'Read a session', 'For a day after its end.', ['session_unknown']),
    },
    '/v1/sessions/{sessionId}/cancel': {
      post: keyed('cancelSession', 'Cancel a session', 'Its page is refused from then on.', [
        'session_unknown',
        'session_conflict',
      ]),
    },
    '/v1/sessions/{sessionId}/start': {
      post: {
        operationId: 'startSession',
        summary: 'Start a session',
        description:
          'A page binds the session to the key in its memory: once. The same key again is answered again. Needs the token of the session.',
        tags: ['sessions'],
        security: TOKEN,
        parameters: [SESSION_ID],
        requestBody: {
          required: true,
          description: 'The key.',
          content: { 'application/json': { schema: reference('SessionStart') } },
        },
        responses: { ...ok('Started.', 'SessionProgress'), ...problems(PAGE) },
      },
    },
    '/v1/sessions/{sessionId}/stills': { post: still(ok, problems) },
  };
}

function still(ok: OperationParts['ok'], problems: OperationParts['problems']): Operation {
  const code = (length: number): Json => ({ type: 'string', pattern: `^[A-Za-z0-9_-]{${length}}$` });
  return {
    operationId: 'uploadStill',
    summary: 'Upload one still',
    description:
      'Each is judged when it arrives and kept nowhere. The page is told whether to go on, and nothing of a verdict. Needs the token of the session.',
    tags: ['sessions'],
    security: TOKEN,
    parameters: [
      SESSION_ID,
      header('Livestill-Nonce', 'The nonce of the answer before.', code(22)),
      header(
        'Livestill-Mac',
        'HMAC-SHA256 (base64url) with the key of the start over livestill-still-1, the id of the session, the nonce and Livestill-Facts, a line feed behind each, and the picture.',
        code(43),
      ),
      header('Livestill-Facts', 'Optional: base64url of JSON with label, width, height and takenAfter.', {
        type: 'string',
        maxLength: 2048,
      }),
    ],
    requestBody: {
      required: true,
      description: 'One picture; the camera component sends JPEG.',
      content: {
        'image/jpeg': { schema: { type: 'string', contentMediaType: 'application/octet-stream' } },
      },
    },
    responses: {
      ...ok('The still was judged.', 'SessionProgress'),
      ...problems([...PAGE, 'app_suspended', 'app_closed', 'picture_missing', 'rate_limited']),
    },
  };
}
