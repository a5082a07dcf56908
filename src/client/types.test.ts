import { describe, expectTypeOf, it } from 'vitest';
import type { BatchBody, BatchRequestBody, BatchResultsBody } from '../wire/v1/batch-schemas.ts';
import type { LivenessBody, OperatingPointsBody, TogetherBody } from '../wire/v1/schemas.ts';
import type { NewSessionBody, SessionBody } from '../wire/v1/sessions/schemas.ts';
import {
  type ApiError,
  type Batch,
  type BatchRequest,
  type BatchResults,
  type LegacyClient,
  type LegacyScore,
  type Liveness,
  type LivenessTogether,
  LivestillClient,
  type LivestillError,
  legacySign,
  type NewSession,
  type OperatingPoints,
  type Picture,
  type Session,
  type Verdict,
} from './index.ts';

/**
 * Checked by the compiler (npm run types): the client's types are those of the server's schemas, word for
 * word.
 */
describe("the client's types", () => {
  it('are those of the answers', () => {
    expectTypeOf<Liveness>().toEqualTypeOf<LivenessBody>();
    expectTypeOf<LivenessTogether>().toEqualTypeOf<TogetherBody>();
    expectTypeOf<OperatingPoints>().toEqualTypeOf<OperatingPointsBody>();
    expectTypeOf<Batch>().toEqualTypeOf<BatchBody>();
    expectTypeOf<BatchRequest>().toEqualTypeOf<BatchRequestBody>();
    expectTypeOf<BatchResults>().toEqualTypeOf<BatchResultsBody>();
    expectTypeOf<Session>().toEqualTypeOf<SessionBody>();
    expectTypeOf<NewSession>().toEqualTypeOf<NewSessionBody>();
    expectTypeOf<Liveness['verdict']>().toEqualTypeOf<Verdict>();
  });

  it('make callers look at what may be missing', () => {
    expectTypeOf<Liveness['score']>().toEqualTypeOf<number | null>();
    expectTypeOf<Liveness['faceBox']>().extract<null>().toEqualTypeOf<null>();
    expectTypeOf<ApiError['retryAfter']>().toEqualTypeOf<number | undefined>();
  });

  it('take every form of a picture, and nothing else', () => {
    expectTypeOf<File>().toExtend<Picture>();
    expectTypeOf<Blob>().toExtend<Picture>();
    expectTypeOf<Buffer>().toExtend<Picture>();
    expectTypeOf<Uint8Array>().toExtend<Picture>();
    expectTypeOf<ReadableStream<Uint8Array>>().toExtend<Picture>();
    expectTypeOf<AsyncGenerator<Uint8Array>>().toExtend<Picture>();
    expectTypeOf<URL>().toExtend<Picture>();
    expectTypeOf<number>().not.toExtend<Picture>();
    expectTypeOf<{ path: string }>().not.toExtend<Picture>();
  });

  it('of the calls are as documented', () => {
    expectTypeOf<LivestillClient['judge']>().returns.resolves.toEqualTypeOf<Liveness>();
    expectTypeOf<LegacyClient['judge']>().returns.resolves.toEqualTypeOf<LegacyScore>();
    expectTypeOf(legacySign).returns.resolves.toBeString();
    expectTypeOf(LivestillClient).constructorParameters.toExtend<[{ baseUrl: string; apiKey: string }]>();
    expectTypeOf<ApiError>().toExtend<LivestillError>();
  });
});
