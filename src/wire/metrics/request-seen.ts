import { Fault } from '../../errors.ts';
import type { Envelope } from '../envelope.ts';
import type { Exchange } from '../exchange.ts';
import type { Facts } from '../legacy/decision-log.ts';
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

/** Codes of the old API that are faults of ours, whichever API was called. */
const failures: ReadonlySet<number> = new Set([107, 108, 213]);

/** Outcomes that need no reason. */
const answered: ReadonlySet<Outcome> = new Set<Outcome>(['judged', 'replayed', 'aborted']);

/** What an observer is told of a request that has ended. Never throws, whatever was thrown on the way. */
export function requestSeen({ api, exchange, facts, envelope, error }: Ended): RequestSeen {
  const outcome = outcomeOf(envelope);
  return {
    api,
    outcome,
    code: codeOf(api, envelope),
    verdict: outcome === 'judged' ? (facts.judgement?.verdict ?? 'none') : 'none',
    reason: answered.has(outcome) ? null : reasonOf(error),
    seconds: (performance.now() - exchange.startedAt) / 1000,
    judgement: facts.judgement ?? null,
  };
}

function outcomeOf(envelope: Envelope | null): Outcome {
  if (envelope === null) return 'aborted';
  if (envelope.message === 'replayed') return 'replayed';
  if (envelope.code === 0 || envelope.code === -4015) return 'judged';
  if (envelope.code === -5802) return 'busy';
  return failures.has(envelope.code) ? 'failed' : 'refused';
}

function codeOf(api: Api, envelope: Envelope | null): string {
  if (envelope === null) return 'aborted';
  if (api === 'legacy') return String(envelope.code);
  return envelope.message === 'OK' ? 'ok' : envelope.message;
}

function reasonOf(error: unknown): string {
  return error instanceof Fault ? error.reason : 'internal';
}
