import { FAULT_KINDS, Fault, type FaultArea } from '../../faults.ts';
import type { Envelope } from '../http/envelope.ts';
import type { Exchange } from '../http/exchange.ts';
import { codeOf } from '../legacy/codes/codes.ts';
import type { Facts } from './log.ts';
import type { Api, Outcome, RequestSeen } from './observer.ts';

/** How a request ended, as its handler knows it. */
export interface Ended {
  readonly api: Api;
  readonly exchange: Pick<Exchange, 'startedAt'>;
  readonly facts: Facts;
  /** What is answered; null: the caller went away. */
  readonly envelope: Envelope | null;
  /** Why, as the log has it. */
  readonly error: unknown;
}

/** Areas whose faults are ours. */
const FAILURES: ReadonlySet<FaultArea> = new Set<FaultArea>(['engine', 'store', 'internal']);

/** Outcomes that need no reason. */
const ANSWERED: ReadonlySet<Outcome> = new Set<Outcome>(['judged', 'replayed', 'aborted']);

/**
 * What is reported to an observer of a request that has ended. Never throws, whatever was thrown on the way.
 */
export function requestSeen({ api, exchange, facts, envelope, error }: Ended): RequestSeen {
  const outcome = outcomeOf(envelope);
  return {
    api,
    outcome,
    code: labelOf(api, envelope),
    verdict: outcome === 'judged' ? (facts.judgement?.verdict ?? 'none') : 'none',
    reason: ANSWERED.has(outcome) ? null : error instanceof Fault ? error.reason : 'internal',
    seconds: (performance.now() - exchange.startedAt) / 1000,
    judgement: facts.judgement ?? null,
  };
}

function outcomeOf(envelope: Envelope | null): Outcome {
  if (envelope === null) return 'aborted';
  if (envelope.message === 'replayed') return 'replayed';
  const { kind } = envelope;
  if (kind === null || kind === 'no_face') return 'judged';
  const { area } = FAULT_KINDS[kind];
  if (area === 'capacity') return 'busy';
  return FAILURES.has(area) ? 'failed' : 'refused';
}

function labelOf(api: Api, envelope: Envelope | null): string {
  if (envelope === null) return 'aborted';
  if (api === 'legacy') return String(codeOf(envelope.kind));
  return envelope.message === 'OK' ? 'ok' : envelope.message;
}
