import { createHash } from 'node:crypto';
import type { Logger } from 'pino';
import { type ParsedSignature, tryReadSignature } from '../../account/signature/signature.ts';
import type { Authenticator, Caller, Clock, Limiter } from '../../account/types.ts';
import { Fault } from '../../faults.ts';
import type { Judge, JudgeOptions } from '../../fleet/types.ts';
import type { RefusalCounter } from '../../ledger/refusals.ts';
import type { Ledger } from '../../ledger/types.ts';
import { isHeif } from '../../picture/decode/sniff.ts';
import type { Downloader } from '../../picture/types.ts';
import { fetchRecorded } from '../decision/fetch-picture.ts';
import { type Facts, logDecision } from '../decision/log.ts';
import { noteRefusal } from '../decision/note-refusal.ts';
import type { Observer } from '../decision/observer.ts';
import { recorderOf } from '../decision/record.ts';
import { requestSeen } from '../decision/request-seen.ts';
import { type Envelope, faultEnvelope } from '../http/envelope.ts';
import type { Exchange } from '../http/exchange.ts';
import type { FailedTries } from '../http/failed-tries.ts';
import { peerGroup } from '../http/peer-group.ts';
import type { BodyHold, BodyMemory } from '../intake/body-memory.ts';
import { readContentCoding } from '../intake/content-coding.ts';
import { choosePicture } from '../intake/picture-source.ts';
import { checkAnnouncedSize, decodingBytes, RequestAborted, withBody } from '../intake/read-body.ts';
import { parseLegacyBody } from './body.ts';
import { holdsKeyIfAsked, isFailedTry } from './failed-try.ts';
import { type CompatSettings, judgementEnvelope } from './reply.ts';

/** What the legacy endpoint works with; everything is handed in. */
export interface LegacyDeps {
  readonly authenticator: Authenticator;
  readonly limiter: Limiter;
  readonly downloader: Downloader;
  readonly judge: Judge;
  readonly ledger: Ledger;
  /** Memory for bodies; one for all faces of the service. */
  readonly bodies: BodyMemory;
  readonly clock: Clock;
  readonly log: Logger;
  /** Counts callers without a valid key; none: they are not limited. */
  readonly failedTries?: FailedTries | undefined;
  /** Told of every request; it must not throw. */
  readonly observer?: Observer | undefined;
  /** Counts refusals of known callers for the ledger. */
  readonly refusals?: RefusalCounter | undefined;
  /** livestill's version, for the ledger. */
  readonly version: string;
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
 * The retired call `POST /face/livedetectpicture`. The order of the checks is the contract's: size (23), body parses (3),
 * appid present (3), signature and account (4 … 6), rate (15), a picture is there (-5805) and well-formed (21), download
 * (-5805), decoding (-4016), a face (-4015), score. A judged request is in the ledger before its answer leaves.
 */
export function createLegacyHandler(deps: LegacyDeps): LegacyHandler {
  return async (exchange) => {
    const facts: Facts = {};
    const finish = (envelope: Envelope | null, error: unknown) => {
      logDecision(deps.log, exchange, facts, envelope, error);
      deps.observer?.request(requestSeen({ api: 'legacy', exchange, facts, envelope, error }));
      noteRefusal(deps.refusals, { api: 'legacy', exchange, facts, envelope, error });
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
  // Read once: here it names the app, before anybody knows whether it is genuine, and the authenticator verifies it. A forged name
  // gains nothing: at most a refusal for that app's share.
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
  // An app that is only claimed would take another one's share: until the signature is checked it is the address's.
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
  const lease = await deps.limiter.admit(caller.app);
  try {
    const source = choosePicture(body);
    facts.source = source.kind === 'bytes' ? 'bytes' : `url:${source.url.host}`;
    const picture =
      source.kind === 'bytes'
        ? source.bytes
        : await fetchRecorded(
            { ...deps, api: 'legacy', envelopeOf: faultEnvelope },
            source.url,
            exchange,
            facts,
          );
    // A downloaded picture may wait for a worker as long as a body does.
    if (source.kind === 'url') hold.add(picture.byteLength);
    facts.pictureBytes = picture.byteLength;
    facts.pictureSha256 = createHash('sha256').update(picture).digest('hex');
    return await judge(deps, exchange, facts, caller, picture);
  } finally {
    lease.release();
  }
}

/** @throws Fault `request_malformed` `content_encoding` for a body that was compressed */
function refuseCoded(header: string | undefined): void {
  const { named, exists } = readContentCoding(header);
  if (!exists) return;
  throw new Fault(
    'request_malformed',
    'content_encoding',
    `The body must be sent as it is; found Content-Encoding ${named}.`,
  );
}

/** @throws Fault `busy` */
function checkRoom(judge: Judge, app: string | undefined): void {
  const noRoom = judge.refusal(app);
  if (noRoom !== null) throw noRoom;
}

/** Judges the picture and remembers the decision; a picture that cannot be decoded is a decision too. */
async function judge(
  deps: LegacyDeps,
  exchange: Exchange,
  facts: Facts,
  caller: Caller,
  picture: Uint8Array,
): Promise<Envelope> {
  const { version, judge: judging } = deps;
  const record = recorderOf(deps, { api: 'legacy', version, exchange, facts, models: judging.models });
  try {
    if (deps.settings.compat.heif !== true && isHeif(picture)) {
      throw new Fault(
        'picture_unreadable',
        'unsupported',
        'HEIC and AVIF are judged here with compat.heif alone.',
      );
    }
    const judgement = await deps.judge.judge(picture, judgeOptions(caller, exchange.signal));
    facts.judgement = judgement;
    const envelope = judgementEnvelope(judgement, deps.settings.compat, exchange.requestId);
    await record(envelope, judgement, null);
    return envelope;
  } catch (error) {
    if (error instanceof Fault && error.area === 'picture') {
      await record(faultEnvelope(error), null, error);
    }
    throw error;
  }
}

function judgeOptions(caller: Caller, signal: AbortSignal): JudgeOptions {
  const { threshold, profile, capture } = caller.app.policy;
  return {
    app: caller.app.appid,
    signal,
    ...(threshold === null ? {} : { threshold }),
    ...(profile === null ? {} : { profile }),
    ...(capture === null ? {} : { capture }),
  };
}
