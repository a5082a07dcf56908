import { type ParsedSignature, tryReadSignature } from '../../account/signature/signature.ts';
import type { Authenticator, Caller } from '../../account/types.ts';
import { Fault } from '../../faults.ts';
import { isHeif } from '../../picture/decode/sniff.ts';
import { createStages } from '../../traces/stages.ts';
import { checkRoom, withPermit } from '../decision/admit.ts';
import { conclude } from '../decision/conclude.ts';
import { type Asked, decideOn } from '../decision/decide.ts';
import type { DecisionDeps } from '../decision/deps.ts';
import type { Facts } from '../decision/log.ts';
import { type Envelope, faultEnvelope } from '../http/envelope.ts';
import type { Exchange } from '../http/exchange.ts';
import type { FailedTries } from '../http/failed-tries.ts';
import { peerGroup } from '../http/peer-group.ts';
import type { BodyHold } from '../intake/body-memory.ts';
import { readContentCoding } from '../intake/content-coding.ts';
import { choosePicture } from '../intake/picture-source.ts';
import { checkAnnouncedSize, decodingBytes, RequestAborted, withBody } from '../intake/read-body.ts';
import { parseLegacyBody } from './body.ts';
import { holdsKeyIfAsked, isFailedTry } from './failed-try.ts';
import { type CompatSettings, judgementEnvelope } from './reply.ts';

/** What the legacy endpoint works with; everything is handed in. */
export interface LegacyDeps extends DecisionDeps {
  readonly authenticator: Authenticator;
  /** Counts callers without a valid key; none: they are not limited. */
  readonly failedTries?: FailedTries | undefined;
  readonly settings: LegacySettings;
}

export interface LegacySettings {
  /** Bytes of a whole body, counted as received. */
  readonly maxBodyBytes: number;
  readonly compat: CompatSettings;
}

/** Answers one request; null when its caller went away and there is nobody to answer. Never throws. */
export type LegacyHandler = (exchange: Exchange) => Promise<Envelope | null>;

/**
 * The retired call `POST /face/livedetectpicture`. The order of the checks is the contract's: size (23), body
 * parses (3), appid present (3), signature and account (4 … 6), rate (15), a picture is there (-5805) and
 * well-formed (21), download (-5805), decoding (-4016), a face (-4015), score. A judged request is in the
 * ledger before its answer leaves.
 */
export function createLegacyHandler(deps: LegacyDeps): LegacyHandler {
  return async (exchange) => {
    const facts: Facts = { stages: createStages(exchange.startedAt) };
    const finish = (envelope: Envelope | null, error: unknown) => {
      conclude(deps, { api: 'legacy', exchange, facts, envelope, error });
      return envelope;
    };
    try {
      return finish(await answer(deps, exchange, facts), undefined);
    } catch (error) {
      const gone = error instanceof RequestAborted || exchange.gone;
      return finish(gone ? null : faultEnvelope(error), error);
    }
  };
}

async function answer(deps: LegacyDeps, exchange: Exchange, facts: Facts): Promise<Envelope> {
  const { request } = exchange;
  // Read once: here it names the app, before anybody knows whether it is genuine, and the authenticator
  // verifies it. A forged name gains nothing: at most a refusal for that app's share.
  const read = tryReadSignature(request.headers.authorization);
  const holdsKey = await holdsKeyIfAsked(deps, exchange, read);
  try {
    return await answerTry(deps, exchange, facts, read);
  } catch (error) {
    if (holdsKey || !isFailedTry(error, facts)) throw error;
    throw deps.failedTries?.fail(exchange.callerAddress) ?? error;
  }
}

async function answerTry(
  deps: LegacyDeps,
  exchange: Exchange,
  facts: Facts,
  read: ParsedSignature | Fault,
): Promise<Envelope> {
  const { request } = exchange;
  const { maxBodyBytes } = deps.settings;
  checkAnnouncedSize(request, maxBodyBytes);
  checkRoom(deps.judge, read instanceof Fault ? undefined : read.appid);
  exchange.wantBody();
  facts.stages?.enter('body');
  // An app that is only claimed would take another one's share: until the signature is checked it is the
  // address's.
  const owner = `address ${peerGroup(exchange.callerAddress)}`;
  return withBody(deps.bodies, request, { limit: maxBodyBytes, owner }, (raw, hold) =>
    answerBody(deps, exchange, facts, read, raw, hold),
  );
}

async function answerBody(
  deps: LegacyDeps,
  exchange: Exchange,
  facts: Facts,
  read: ParsedSignature | Fault,
  raw: Buffer,
  hold: BodyHold,
): Promise<Envelope> {
  const { request } = exchange;
  refuseCoded(request.headers['content-encoding']);
  hold.add(decodingBytes(request.headers['content-type'], raw));
  const body = await parseLegacyBody(request.headers['content-type'], raw);
  if (body.appid === null) {
    throw new Fault('appid_missing', 'appid_missing', 'The body must have an appid, as text or as a number.');
  }
  facts.stages?.enter('admit');
  facts.claimedAppid = body.appid.slice(0, 64);
  const caller = await deps.authenticator.authenticate({
    authorization: request.headers.authorization,
    read,
    bodyAppid: body.appid,
    bodySign: body.sign ?? undefined,
  });
  facts.appid = caller.app.appid;
  facts.secretId = caller.secretId;
  hold.belongsTo(`app ${caller.app.appid}`);
  facts.singleUse = caller.singleUse;
  // Once more, now for the app that signed: before anything is downloaded for it.
  checkRoom(deps.judge, caller.app.appid);
  return withPermit(deps.limiter, caller.app, async () => {
    const asked = askedOf(deps, exchange, facts, caller, hold);
    const { envelope, fault } = await decideOn(deps, asked, choosePicture(body));
    if (fault !== null) throw fault;
    return envelope;
  });
}

/** @throws {Fault} `request_malformed` `content_encoding` for a body that was compressed */
function refuseCoded(header: string | undefined): void {
  const { named, exists } = readContentCoding(header);
  if (!exists) return;
  throw new Fault(
    'request_malformed',
    'content_encoding',
    `The body must be sent as it is; found Content-Encoding ${named}.`,
  );
}

/** The request as the decision sees it: the old call knows no rules of an app's own. */
function askedOf(
  { settings: { compat } }: LegacyDeps,
  exchange: Exchange,
  facts: Facts,
  { app }: Caller,
  hold: BodyHold,
): Asked {
  return {
    api: 'legacy',
    exchange,
    facts,
    app,
    hold,
    check(picture) {
      if (compat.heif === true || !isHeif(picture)) return;
      throw new Fault(
        'picture_unreadable',
        'unsupported',
        'HEIC and AVIF are judged here with compat.heif alone.',
      );
    },
    answer: (judgement) => judgementEnvelope(judgement, compat, exchange.requestId),
    refusal: faultEnvelope,
  };
}
