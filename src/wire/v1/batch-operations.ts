import type { Json, OpenApiDocument, Operation } from './openapi-types.ts';
import type { ProblemCode } from './problem-catalogue.ts';

/** What the document is put together with. */
export interface OperationParts {
  readonly ok: (description: string, schema: string, headers?: readonly string[]) => Operation['responses'];
  readonly problems: (codes: readonly ProblemCode[]) => Operation['responses'];
  readonly reference: (schema: string) => Json;
  /** What every call with a key may be refused with. */
  readonly always: readonly ProblemCode[];
}

const BATCH_ID = {
  name: 'batchId',
  in: 'path',
  required: true,
  description: 'The batch.',
  schema: { type: 'string', format: 'uuid' },
};
const number = (name: string, description: string, schema: Json) => ({
  name,
  in: 'query',
  description,
  schema,
});
const SUBMITTING: readonly ProblemCode[] = [
  'invalid_request',
  'idempotency_key_invalid',
  'request_timeout',
  'idempotency_in_progress',
  'body_too_large',
  'unsupported_media_type',
  'expectation_failed',
  'idempotency_key_reused',
  'rate_limited',
  'overloaded',
];

/** The paths under `/v1/batches`. */
export function batchOperations({
  ok,
  problems,
  reference,
  always,
}: OperationParts): OpenApiDocument['paths'] {
  const operation = (
    parts: Pick<Operation, 'operationId' | 'summary' | 'description'> & Partial<Operation>,
    schema: string,
    more: readonly ProblemCode[] = [],
  ): Operation => ({
    tags: ['batches'],
    security: [{ apiKey: ['batch'] }],
    parameters: [BATCH_ID],
    responses: { ...ok(parts.summary, schema), ...problems([...always, 'batches_unavailable', ...more]) },
    ...parts,
  });
  const change = (what: 'cancel' | 'pause' | 'resume', summary: string, description: string) => ({
    post: operation({ operationId: `${what}Batch`, summary, description }, 'Batch', [
      'not_found',
      'batch_over',
    ]),
  });
  return {
    '/v1/batches': {
      post: operation(
        {
          operationId: 'submitBatch',
          summary: 'Submit a batch',
          description:
            'Hands up to 10 000 pictures to the workers. Needs the scope batch. With an Idempotency-Key a repeated request makes no second batch.',
          parameters: [
            {
              name: 'Idempotency-Key',
              in: 'header',
              description: 'A name of your own for this request; see POST /v1/liveness.',
              schema: { type: 'string', minLength: 1, maxLength: 255 },
            },
          ],
          requestBody: {
            required: true,
            description: 'The pictures.',
            content: { 'application/json': { schema: reference('BatchRequest') } },
          },
        },
        'Batch',
        SUBMITTING,
      ),
      get: operation(
        {
          operationId: 'listBatches',
          summary: "The app's batches",
          description: 'The latest, newest first. Needs the scope batch.',
          parameters: [
            number('limit', 'At most so many; 50.', { type: 'integer', minimum: 1, maximum: 100 }),
          ],
        },
        'BatchList',
        ['invalid_request'],
      ),
    },
    '/v1/batches/{batchId}': {
      get: operation(
        { operationId: 'getBatch', summary: 'How far a batch is', description: 'Needs the scope batch.' },
        'Batch',
        ['not_found'],
      ),
    },
    '/v1/batches/{batchId}/results': {
      get: operation(
        {
          operationId: 'getBatchResults',
          summary: 'Results by row',
          description:
            'Those that are there, in the order of the list. While a batch runs, rows before the last one given may still come. Needs the scope batch.',
          parameters: [
            BATCH_ID,
            number('after', 'Rows behind this one; 0.', { type: 'integer', minimum: 0 }),
            number('limit', 'At most so many; 100.', { type: 'integer', minimum: 1, maximum: 1000 }),
          ],
        },
        'BatchResults',
        ['not_found', 'invalid_request'],
      ),
    },
    '/v1/batches/{batchId}/cancel': change(
      'cancel',
      'Cancel a batch',
      'What is not judged yet is let go; results stay. Needs the scope batch.',
    ),
    '/v1/batches/{batchId}/pause': change(
      'pause',
      'Pause a batch',
      'No more is begun. Needs the scope batch.',
    ),
    '/v1/batches/{batchId}/resume': change('resume', 'Go on with a batch', 'Needs the scope batch.'),
  };
}
