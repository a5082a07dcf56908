import { asFault } from '../../faults.ts';
import type { RefusalCounter } from '../../ledger/refusals.ts';
import type { Envelope } from '../http/envelope.ts';
import type { Exchange } from '../http/exchange.ts';
import { codeOf } from '../legacy/codes/codes.ts';
import type { Facts } from './log.ts';

/** How a request ended. */
export interface Ended {
  readonly api: 'legacy' | 'v1';
  readonly exchange: Exchange;
  readonly facts: Facts;
  /** Null: its caller went away. */
  readonly envelope: Envelope | null;
  readonly error: unknown;
}

/**
 * Counts a request of a known caller that was refused and has no row of its own. Who is not known yet is not
 * counted here: anybody could fill the ledger then; the log and the metrics have those.
 */
export function noteRefusal(refusals: RefusalCounter | undefined, ended: Ended): void {
  const { api, exchange, facts, envelope, error } = ended;
  if (refusals === undefined || envelope === null || error === undefined) return;
  if (facts.appid === undefined || facts.isRecorded === true) return;
  refusals.note({
    api,
    appid: facts.appid,
    secretId: facts.secretId ?? '',
    code: codeOf(envelope.kind),
    http: envelope.http,
    reason: asFault(error).reason,
    requestId: exchange.requestId,
    callerAddress: exchange.callerAddress,
  });
}
