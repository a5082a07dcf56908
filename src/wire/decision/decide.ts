import { createHash } from 'node:crypto';
import type { App } from '../../account/types.ts';
import { Fault } from '../../faults.ts';
import type { JudgeOptions } from '../../fleet/types.ts';
import type { Judgement } from '../../liveness/types.ts';
import { decide } from '../../policy/decide.ts';
import type { JudgingRules } from '../../policy/policy.ts';
import type { Envelope } from '../http/envelope.ts';
import type { Exchange } from '../http/exchange.ts';
import type { BodyHold } from '../intake/body-memory.ts';
import type { PictureSource } from '../intake/picture-source.ts';
import type { DecisionDeps } from './deps.ts';
import { fetchRecorded } from './fetch-picture.ts';
import type { Facts } from './log.ts';
import { recorderOf } from './record.ts';

/** One admitted request for a judgement, as its API hands it over. */
export interface Asked {
  readonly api: 'legacy' | 'v1';
  readonly exchange: Exchange;
  readonly facts: Facts;
  readonly app: App;
  /** What the app makes of a judgement; an API that knows no rules of an app's own leaves it out. */
  readonly rules?: JudgingRules;
  /** The memory that the request holds. */
  readonly hold: Pick<BodyHold, 'add'>;
  /** Whether the picture is one of several that are decided together later on. */
  readonly still?: true;
  /** Refuses a picture before it is judged, by throwing a fault of the area `picture`. */
  check?(picture: Uint8Array): void;
  /** What is answered: the judgement as the engine made it, and as the app's rules have it. */
  answer(judgement: Judgement, decided: Judgement): Envelope;
  /** What is answered where there is no judgement. */
  refusal(fault: Fault): Envelope;
}

/** What came of it: a picture that cannot be judged is a decision too. */
export interface Answered {
  readonly envelope: Envelope;
  /** Why there is no judgement; null where there is one. */
  readonly fault: Fault | null;
}

/**
 * Fetches the picture, judges it, applies the app's rules and writes the row: the same for every API. The row
 * is on disk when this resolves.
 * @throws {Fault} of every other area than `picture`
 * @throws {AbortError} when the caller went away
 */
export async function decideOn(deps: DecisionDeps, asked: Asked, source: PictureSource): Promise<Answered> {
  const { exchange, facts, app } = asked;
  const picture = await pictureOf(deps, asked, source);
  facts.stages?.enter('body');
  facts.pictureBytes = picture.byteLength;
  facts.pictureSha256 = createHash('sha256').update(picture).digest('hex');
  const record = recorderOf(deps, { ...rowParts(deps, asked), models: deps.judge.models });
  try {
    asked.check?.(picture);
    const judgement = await judged(facts, (onTaken) =>
      deps.judge.judge(picture, {
        ...judgeOptions(app, exchange.signal),
        ...(asked.still === true ? { still: true } : {}),
        onTaken,
      }),
    );
    const { rules } = asked;
    const decided = rules === undefined ? judgement : { ...judgement, ...decide(judgement, rules) };
    facts.judgement = decided;
    const envelope = asked.answer(judgement, decided);
    await record(envelope, decided, null);
    return { envelope, fault: null };
  } catch (error) {
    if (!(error instanceof Fault && error.area === 'picture')) throw error;
    const envelope = asked.refusal(error);
    await record(envelope, null, error);
    return { envelope, fault: error };
  }
}

/** Has a picture judged: the request waits until a worker takes it, and is past judging when this ends. */
export async function judged(
  facts: Facts,
  judge: (onTaken: () => void) => Promise<Judgement>,
): Promise<Judgement> {
  facts.stages?.enter('queue');
  const judgement = await judge(() => facts.stages?.enter('judge'));
  facts.decodeMilliseconds = judgement.milliseconds.decode ?? 0;
  facts.stages?.enter('record');
  return judgement;
}

/** The bytes of one picture of a request. */
export async function pictureOf(
  deps: DecisionDeps,
  asked: Omit<Asked, 'answer'>,
  source: PictureSource,
): Promise<Uint8Array> {
  const { exchange, facts, hold } = asked;
  // Where a session says where its pictures come from, that stands.
  if (facts.source?.startsWith('session:') !== true) {
    facts.source = source.kind === 'bytes' ? 'bytes' : `url:${source.url.host}`;
  }
  if (source.kind === 'bytes') return source.bytes;
  facts.stages?.enter('fetch');
  const fetching = { ...deps, ...rowParts(deps, asked), envelopeOf: asked.refusal };
  const picture = await fetchRecorded(fetching, source.url, exchange, facts);
  // A downloaded picture may wait for a worker as long as a body does.
  hold.add(picture.byteLength);
  return picture;
}

/** What the rows of one request have in common. */
export function rowParts({ version }: DecisionDeps, { api, exchange, facts, rules }: Omit<Asked, 'answer'>) {
  return { api, version, exchange, facts, ...(rules === undefined ? {} : { rules }) };
}

/** How a picture of this app is judged. */
export function judgeOptions({ appid, policy }: App, signal: AbortSignal): JudgeOptions {
  const { threshold, profile, capture, review } = policy;
  return {
    app: appid,
    signal,
    ...(threshold === null ? {} : { threshold }),
    ...(profile === null ? {} : { profile }),
    ...(capture === null ? {} : { capture }),
    ...(review === null ? {} : { review }),
  };
}
