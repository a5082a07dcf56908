import type { ApiKeyAuthenticator, ApiKeyCaller } from '../../account/api-key/check.ts';
import type { IdempotencyStore } from '../../account/api-key/idempotency.ts';
import { checkRoom, withPermit } from '../decision/admit.ts';
import { type Asked, decideOn } from '../decision/decide.ts';
import { type AskedTogether, decideTogether } from '../decision/decide-together.ts';
import type { DecisionDeps } from '../decision/deps.ts';
import type { Facts } from '../decision/log.ts';
import type { Envelope } from '../http/envelope.ts';
import type { Exchange } from '../http/exchange.ts';
import type { BodyHold } from '../intake/body-memory.ts';
import { checkAnnouncedSize, decodingBytes, withBody } from '../intake/read-body.ts';
import { answerOnce, fingerprintOf, idempotencyKeyOf, type Made } from './idempotency.ts';
import type { Language } from './language.ts';
import { checkDeclared, type InputType, inputType, picturesOf, refuseCoded } from './picture-input.ts';
import { asProblem, problemEnvelope } from './problems.ts';
import { referenceOf } from './reference.ts';
import { livenessBody, livenessEnvelope, togetherBody, togetherEnvelope } from './reply.ts';

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
    facts.stages?.enter('body');
    const share = { limit: deps.maxBodyBytes, owner: `app ${caller.app.appid}` };
    return withBody(deps.bodies, request, share, async (body, hold) => {
      if (type.kind === 'json') hold.add(decodingBytes('application/json', body));
      const pictures = await picturesOf(type, body);
      const call = { exchange, facts, language, caller, hold, type };
      const made = async (): Promise<Made> => {
        const { envelope, fault } =
          pictures.kind === 'one'
            ? await decideOn(deps, askedOf(call), pictures.source)
            : await decideTogether(deps, askedTogether(call), pictures.sources);
        if (fault !== null) notes.error = fault;
        return { envelope, keep: true };
      };
      if (key === null) return (await made()).envelope;
      facts.stages?.enter('record');
      const scope = { appid: caller.app.appid, key };
      return answerOnce(deps, scope, fingerprintOf(pictures), made);
    });
  });
}

/** The request as the decision sees it. */
function askedOf(call: Call): Asked {
  const { caller, language, exchange } = call;
  const { minFaceWidth } = caller.rules;
  return {
    ...commonOf(call),
    answer(judgement, decision) {
      const body = livenessBody(judgement, decision, {
        requestId: exchange.requestId,
        language,
        minFaceWidth,
      });
      return livenessEnvelope(body, language);
    },
  };
}

/** As `askedOf`, for several stills. */
function askedTogether(call: Call): AskedTogether {
  const { caller, language, exchange } = call;
  const { minFaceWidth } = caller.rules;
  return {
    ...commonOf(call),
    answer(stills, together) {
      const options = { requestId: exchange.requestId, language, minFaceWidth };
      const bodies = stills.map(({ judgement, decided }) => livenessBody(judgement, decided, options));
      return togetherEnvelope(togetherBody(together, stills, bodies, options), language);
    },
  };
}

function commonOf({ exchange, facts, language, caller, hold, type }: Call): Omit<Asked, 'answer'> {
  const { app, rules } = caller;
  return {
    api: 'v1',
    exchange,
    facts,
    app,
    rules,
    hold,
    check: (picture) => checkDeclared(type, picture),
    refusal: (fault) => problemEnvelope(asProblem(fault), language, exchange.requestId),
  };
}
