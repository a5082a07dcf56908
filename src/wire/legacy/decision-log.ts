import type { Logger } from 'pino';
import type { Judgement } from '../../liveness/types.ts';
import { asFault, type Envelope } from '../envelope.ts';
import type { Exchange } from '../exchange.ts';
import { RequestAborted } from '../read-body.ts';

/** What becomes known of a request on its way; what stayed unknown is not in the line. Never picture, signature or key. */
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
}

/**
 * Writes the one line that a request leaves in the log, with fixed field names. `event` is `decision` (answered) or
 * `aborted` (the caller went away); of a refusal `reason` and `detail` say precisely why.
 */
export function logDecision(
  log: Logger,
  exchange: Exchange,
  facts: Facts,
  envelope: Envelope | null,
  error: unknown,
): void {
  const { judgement, isRecorded: _, ...known } = facts;
  const line: Record<string, unknown> = {
    event: envelope === null ? 'aborted' : 'decision',
    requestId: exchange.requestId,
    callerAddress: exchange.callerAddress,
    ...known,
    milliseconds: since(exchange.startedAt),
  };
  if (envelope !== null) {
    line.code = envelope.code;
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

function rounded(steps: Judgement['milliseconds']): Record<string, number> {
  return Object.fromEntries(Object.entries(steps).map(([name, spent]) => [name, tenths(spent)]));
}

/** Our own failures are errors, refusals for lack of room warnings, everything else is daily business. */
function levelOf(envelope: Envelope | null): 'info' | 'warn' | 'error' {
  switch (envelope?.code) {
    case 107:
    case 108:
    case 213:
      return 'error';
    case -5802:
      return 'warn';
    default:
      return 'info';
  }
}
