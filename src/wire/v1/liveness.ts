import type { ApiKeyAuthenticator, ApiKeyCaller } from '../../account/api-key/check.ts';
import type { IdempotencyStore } from '../../account/api-key/idempotency.ts';
import { checkRoom, withPermit } from '../decision/admit.ts';
import { type Asked, decideOn } from '../decision/decide.ts';
import type { DecisionDeps } from '../decision/deps.ts';
import type { Facts } from '../decision/log.ts';
import type { Envelope } from '../http/envelope.ts';
import type { Exchange } from '../http/exchange.ts';
import type { BodyHold } from '../intake/body-memory.ts';
import { checkAnnouncedSize, decodingBytes, withBody } from '../intake/read-body.ts';
import { answerOnce, fingerprintOf, idempotencyKeyOf, type Made } from './idempotency.ts';
import type { Language } from './language.ts';
import { checkDeclared, type InputType, inputType, pictureOf, refuseCoded } from './picture-input.ts';
import { asProblem, problemEnvelope } from './problems.ts';
import { referenceOf } from './reference.ts';
import { livenessBody, livenessEnvelope } from './reply.ts';

/** What `POST /v1/liveness` works with. */
export interface LivenessDeps extends DecisionDeps {
  readonly apiKeys: ApiKeyAuthenticator;
  readonly idempotency: IdempotencyStore;
  /** Bytes of a whole body, counted as received. */
  readonly maxBodyBytes: number;
}

/** What happened on the way, for the request's line in the log. */
export interface Notes {
  readonly facts: Facts;
  /** Why the picture was refused although an answer was made. */
  error?: unknown;
  /** Headers of the answer, whatever it is. */
  headers?: Readonly<Record<string, string>>;
}

/** One request on its way. */
interface Call {
  readonly exchange: Exchange;
  readonly facts: Facts;
  readonly language: Language;
  readonly caller: ApiKeyCaller;
  readonly hold: BodyHold;
  readonly type: InputType;
}

/**
 * Judges one picture. The order of the checks: API key, room for the request, size, content type,
 * `Idempotency-Key`, the app's limits, then the body. All but the body needs the headers alone, so nobody
 * without a key makes the server read a picture. A judged picture is in the ledger before its answer leaves.
 * @throws {Fault} when it is refused
 * @throws {RequestAborted} when the caller went away
 * @throws {AbortError} when the caller went away
 */
export async function answerLiveness(
  deps: LivenessDeps,
  exchange: Exchange,
  language: Language,
  notes: Notes,
): Promise<Envelope> {
  const { facts } = notes;
  const { request, callerAddress } = exchange;
  const { authorization } = request.headers;
  const caller = await deps.apiKeys.authenticate({ authorization, callerAddress, scope: 'judge' });
  facts.appid = caller.app.appid;
  facts.secretId = caller.keyId;
  checkRoom(deps.judge, caller.app.appid);
  checkAnnouncedSize(request, deps.maxBodyBytes);
  refuseCoded(request.headers['content-encoding']);
  const type = inputType(request.headers['content-type']);
  const key = idempotencyKeyOf(request.headers['idempotency-key']);
  const reference = referenceOf(request.headers['x-reference']);
  if (reference !== null) facts.reference = reference;
  return withPermit(deps.limiter, caller.app, () => {
    exchange.wantBody();
    const share = { limit: deps.maxBodyBytes, owner: `app ${caller.app.appid}` };
    return withBody(deps.bodies, request, share, async (body, hold) => {
      if (type.kind === 'json') hold.add(decodingBytes('application/json', body));
      const source = await pictureOf(type, body);
      facts.source = source.kind === 'bytes' ? 'bytes' : `url:${source.url.host}`;
      const asked = askedOf({ exchange, facts, language, caller, hold, type });
      const made = async (): Promise<Made> => {
        const { envelope, fault } = await decideOn(deps, asked, source);
        if (fault !== null) notes.error = fault;
        return { envelope, keep: true };
      };
      if (key === null) return (await made()).envelope;
      const scope = { appid: caller.app.appid, key };
      return answerOnce(deps, scope, fingerprintOf(source), made);
    });
  });
}

/** The request as the decision sees it. */
function askedOf({ exchange, facts, language, caller, hold, type }: Call): Asked {
  const { app, rules } = caller;
  const { requestId } = exchange;
  return {
    api: 'v1',
    exchange,
    facts,
    app,
    rules,
    hold,
    check: (picture) => checkDeclared(type, picture),
    answer(judgement, decision) {
      const { minFaceWidth } = rules;
      return livenessEnvelope(
        livenessBody(judgement, decision, { requestId, language, minFaceWidth }),
        language,
      );
    },
    refusal: (fault) => problemEnvelope(asProblem(fault), language, requestId),
  };
}
