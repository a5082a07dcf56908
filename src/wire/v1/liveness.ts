import { createHash } from 'node:crypto';
import type { Logger } from 'pino';
import type { ApiKeyAuthenticator, ApiKeyCaller } from '../../account/api-key/check.ts';
import type { IdempotencyStore } from '../../account/api-key/idempotency.ts';
import type { Clock, Limiter } from '../../account/types.ts';
import { Fault } from '../../faults.ts';
import type { Judge } from '../../fleet/types.ts';
import type { RefusalCounter } from '../../ledger/refusals.ts';
import type { Ledger } from '../../ledger/types.ts';
import type { Judgement } from '../../liveness/types.ts';
import type { Downloader } from '../../picture/types.ts';
import { decide } from '../../policy/decide.ts';
import { fetchRecorded } from '../decision/fetch-picture.ts';
import type { Facts } from '../decision/log.ts';
import type { Observer } from '../decision/observer.ts';
import { recorderOf } from '../decision/record.ts';
import type { Envelope } from '../http/envelope.ts';
import type { Exchange } from '../http/exchange.ts';
import type { BodyHold, BodyMemory } from '../intake/body-memory.ts';
import type { PictureSource } from '../intake/picture-source.ts';
import { checkAnnouncedSize, decodingBytes, withBody } from '../intake/read-body.ts';
import { answerOnce, fingerprintOf, idempotencyKeyOf, type Made } from './idempotency.ts';
import type { Language } from './language.ts';
import { checkDeclared, type InputType, inputType, pictureOf, refuseCoded } from './picture-input.ts';
import { asProblem, problemEnvelope } from './problems.ts';
import { referenceOf } from './reference.ts';
import { livenessBody, livenessEnvelope } from './reply.ts';

/** What `POST /v1/liveness` works with. Judge, limiter, ledger and downloader are the old endpoint's: one admission for both. */
export interface LivenessDeps {
  readonly apiKeys: ApiKeyAuthenticator;
  readonly limiter: Limiter;
  readonly downloader: Downloader;
  readonly judge: Judge;
  readonly ledger: Ledger;
  /** Memory for bodies; one for all faces of the service. */
  readonly bodies: BodyMemory;
  readonly idempotency: IdempotencyStore;
  readonly clock: Clock;
  readonly log: Logger;
  /** Told of every request; it must not throw. */
  readonly observer?: Observer | undefined;
  /** Counts refusals of known callers for the ledger. */
  readonly refusals?: RefusalCounter | undefined;
  /** livestill's version, for the ledger. */
  readonly version: string;
  /** Bytes of a whole body, counted as received. */
  readonly maxBodyBytes: number;
}

/** What happened on the way, for the request's line in the log. */
export interface Notes {
  readonly facts: Facts;
  /** Why the picture was refused although an answer was made. */
  error?: unknown;
}

/** One request on its way. */
interface Call {
  readonly notes: Notes;
  readonly exchange: Exchange;
  readonly facts: Facts;
  readonly language: Language;
  readonly caller: ApiKeyCaller;
  readonly hold: BodyHold;
  readonly type: InputType;
}

/**
 * Judges one picture. The order of the checks: API key, room for the request, size, content type, `Idempotency-Key`, the app's
 * limits, then the body. All but the body needs the headers alone, so nobody without a key makes the server read a picture.
 * A judged picture is in the ledger before its answer leaves.
 * @throws Fault, RequestAborted, AbortError
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
  const noRoom = deps.judge.refusal(caller.app.appid);
  if (noRoom !== null) throw noRoom;
  checkAnnouncedSize(request, deps.maxBodyBytes);
  refuseCoded(request.headers['content-encoding']);
  const type = inputType(request.headers['content-type']);
  const key = idempotencyKeyOf(request.headers['idempotency-key']);
  const reference = referenceOf(request.headers['x-reference']);
  if (reference !== null) facts.reference = reference;
  const lease = await deps.limiter.admit(caller.app);
  try {
    exchange.wantBody();
    const share = { limit: deps.maxBodyBytes, owner: `app ${caller.app.appid}` };
    return await withBody(deps.bodies, request, share, async (body, hold) => {
      if (type.kind === 'json') hold.add(decodingBytes('application/json', body));
      const source = await pictureOf(type, body);
      facts.source = source.kind === 'bytes' ? 'bytes' : `url:${source.url.host}`;
      const call: Call = { exchange, facts, notes, language, caller, hold, type };
      if (key === null) return (await judged(deps, call, source)).envelope;
      const scope = { appid: caller.app.appid, key };
      return await answerOnce(deps, scope, fingerprintOf(source), () => judged(deps, call, source));
    });
  } finally {
    lease.release();
  }
}

/** Judges a picture and remembers the decision; a picture that cannot be decoded is a decision too. */
async function judged(deps: LivenessDeps, call: Call, source: PictureSource): Promise<Made> {
  const { exchange, facts, caller, language } = call;
  const picture =
    source.kind === 'bytes'
      ? source.bytes
      : await fetchRecorded(
          {
            ...deps,
            api: 'v1',
            rules: caller.rules,
            envelopeOf: (fault) => problemEnvelope(asProblem(fault), language, exchange.requestId),
          },
          source.url,
          exchange,
          facts,
        );
  if (source.kind === 'url') call.hold.add(picture.byteLength);
  facts.pictureBytes = picture.byteLength;
  facts.pictureSha256 = createHash('sha256').update(picture).digest('hex');
  const { threshold, profile, capture } = caller.app.policy;
  const { version, judge } = deps;
  const row = { api: 'v1', version, exchange, facts, rules: caller.rules, models: judge.models } as const;
  const record = recorderOf(deps, row);
  try {
    checkDeclared(call.type, picture);
    const judgement = await deps.judge.judge(picture, {
      app: caller.app.appid,
      signal: exchange.signal,
      ...(threshold === null ? {} : { threshold }),
      ...(profile === null ? {} : { profile }),
      ...(capture === null ? {} : { capture }),
    });
    const envelope = envelopeOf(judgement, call);
    await record(envelope, facts.judgement ?? judgement, null);
    return { envelope, keep: true };
  } catch (error) {
    if (!(error instanceof Fault && error.area === 'picture')) throw error;
    call.notes.error = error;
    const envelope = problemEnvelope(asProblem(error), language, exchange.requestId);
    await record(envelope, null, error);
    return { envelope, keep: true };
  }
}

/** Applies the app's rules; the log and the ledger speak of the judgement as it was answered. */
function envelopeOf(judgement: Judgement, { exchange, facts, language, caller }: Call): Envelope {
  const { rules } = caller;
  const decision = decide(judgement, rules);
  facts.judgement = { ...judgement, ...decision };
  const body = livenessBody(judgement, decision, {
    requestId: exchange.requestId,
    language,
    minFaceWidth: rules.minFaceWidth,
  });
  return livenessEnvelope(body, language);
}
