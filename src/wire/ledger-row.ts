import type { Fault } from '../errors.ts';
import type { LedgerRow } from '../ledger/types.ts';
import type { Judgement, ModelUsed } from '../liveness/types.ts';
import type { Envelope } from './envelope.ts';
import type { Exchange } from './exchange.ts';
import { type Facts, since } from './legacy/decision-log.ts';

/** What a row of the ledger is made of, whichever API was called. */
export interface Decided {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly exchange: Exchange;
  readonly facts: Facts;
  /** What is about to be answered. */
  readonly envelope: Envelope;
  /** Null where the picture could not be decoded. */
  readonly judgement: Judgement | null;
  /** Why it could not. */
  readonly fault: Fault | null;
  /** The models that stood ready, for a picture that reached none. */
  readonly models: readonly ModelUsed[];
}

/** The ledger's row of one decision: it is on disk before the answer leaves. */
export function ledgerRow({ at, exchange, facts, envelope, judgement, fault, models }: Decided): LedgerRow {
  const { score } = envelope.data;
  return {
    at: new Date(at),
    requestId: exchange.requestId,
    appid: facts.appid ?? '',
    secretId: facts.secretId ?? '',
    source: facts.source ?? 'bytes',
    pictureBytes: facts.pictureBytes ?? 0,
    pictureSha256: facts.pictureSha256 ?? '',
    code: envelope.code,
    verdict: judgement?.verdict ?? null,
    score: typeof score === 'number' ? score : null,
    rawScore: judgement?.rawScore ?? null,
    reasons: fault === null ? (judgement?.reasons.map((reason) => reason.code) ?? []) : [fault.reason],
    models: Object.fromEntries((judgement?.models ?? models).map((model) => [model.name, model.sha256])),
    milliseconds: since(exchange.startedAt),
    callerAddress: exchange.callerAddress,
  };
}
