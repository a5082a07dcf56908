import type { Logger } from 'pino';
import { asFault, FAULT_KINDS } from '../../faults.ts';
import type { Judgement } from '../../liveness/types.ts';
import { millisecondsOf, type Stages } from '../../traces/stages.ts';
import type { OpenCall } from '../../traces/types.ts';
import type { Envelope } from '../http/envelope.ts';
import type { Exchange } from '../http/exchange.ts';
import { RequestAborted } from '../intake/read-body.ts';
import { codeOf } from '../legacy/codes/codes.ts';

/**
 * What becomes known of a request on its way; what stayed unknown is not in the line. Never picture,
 * signature or key.
 */
export interface Facts {
  /** The `appid` of the body, before it was checked. */
  claimedAppid?: string;
  appid?: string;
  secretId?: string;
  singleUse?: boolean;
  /** `bytes`, or `url:` and the url's host. */
  source?: string;
  /** Of a picture behind a url: from the first step of fetching it to the last, refused or not. */
  downloadMilliseconds?: number;
  pictureBytes?: number;
  pictureSha256?: string;
  /** The caller's own name for the person or case. */
  reference?: string;
  /** A row of the ledger says what became of the request. */
  isRecorded?: boolean;
  judgement?: Judgement;
  /** Which stage it is in; none: nobody asks. */
  stages?: Stages;
  /** Its span, where what comes of it later goes on with its trace. */
  call?: OpenCall;
  /** It is about several stills: its judgement is no single worker's. */
  isTogether?: boolean;
  /** The longest that a worker took to decode a picture of the request, in ms. */
  decodeMilliseconds?: number;
}

/**
 * Writes the one line that a request leaves in the log, with fixed field names. `event` is `decision`
 * (answered) or `aborted` (the caller went away); of a refusal `reason` and `detail` say precisely why.
 */
export function logDecision(
  log: Logger,
  exchange: Exchange,
  facts: Facts,
  envelope: Envelope | null,
  error: unknown,
  traceId: string | null = null,
): void {
  const { judgement, stages, decodeMilliseconds, isRecorded: _, isTogether: __, call: ___, ...known } = facts;
  const now = performance.now();
  const line: Record<string, unknown> = {
    event: envelope === null ? 'aborted' : 'decision',
    requestId: exchange.requestId,
    callerAddress: exchange.callerAddress,
    ...known,
    milliseconds: tenths(now - exchange.startedAt),
  };
  if (traceId !== null) line.traceId = traceId;
  if (stages !== undefined) line.stages = stagesOf(stages, now, decodeMilliseconds);
  if (envelope !== null) {
    line.code = codeOf(envelope.kind);
    line.http = envelope.http;
  }
  if (judgement !== undefined) {
    line.verdict = judgement.verdict;
    line.score = envelope?.data.score ?? null;
    line.rawScore = judgement.rawScore;
    line.liveProbability = judgement.liveProbability;
    line.review = judgement.review;
    line.threshold = judgement.threshold;
    line.profile = judgement.profile;
    line.capture = judgement.capture;
    line.reasons = judgement.reasons.map((reason) => reason.code);
    line.steps = rounded(judgement.milliseconds);
  }
  if (error !== undefined && !(error instanceof RequestAborted)) {
    const fault = asFault(error);
    line.reason = fault.reason;
    line.detail = fault.message;
    if (fault.cause !== undefined) line.err = fault.cause;
  }
  log[levelOf(envelope)](line, envelope === null ? 'aborted' : envelope.message);
}

/** Whole tenths of a millisecond since `startedAt`. */
export function since(startedAt: number): number {
  return tenths(performance.now() - startedAt);
}

function tenths(milliseconds: number): number {
  return Math.round(milliseconds * 10) / 10;
}

/**
 * Every stage that was entered, in ms. A worker decodes the picture first: that stands apart from the
 * judgement. They add up to `total`, but for the rounding.
 */
function stagesOf(stages: Stages, now: number, decode = 0): Record<string, number> {
  const { judge, record, total, ...before } = millisecondsOf(stages.until(now));
  const decoding = Math.min(decode, judge ?? 0);
  const all = {
    ...before,
    ...(judge === undefined ? {} : { decode: decoding, judge: judge - decoding }),
    ...(record === undefined ? {} : { record }),
    total,
  };
  return rounded(all as Record<string, number>);
}

function rounded(steps: Judgement['milliseconds']): Record<string, number> {
  return Object.fromEntries(Object.entries(steps).map(([name, spent]) => [name, tenths(spent)]));
}

/** Our own failures are errors, refusals for lack of room warnings, everything else is daily business. */
function levelOf(envelope: Envelope | null): 'info' | 'warn' | 'error' {
  const kind = envelope?.kind ?? null;
  switch (kind === null ? null : FAULT_KINDS[kind].area) {
    case 'engine':
    case 'store':
    case 'internal':
      return 'error';
    case 'capacity':
      return 'warn';
    default:
      return 'info';
  }
}
