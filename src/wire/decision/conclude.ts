import type { DecisionDeps } from './deps.ts';
import { logDecision } from './log.ts';
import { type Ended, noteRefusal } from './note-refusal.ts';
import { requestSeen } from './request-seen.ts';
import { tracedRequest, tracedWork } from './traced-work.ts';

/**
 * Leaves what every request for a judgement leaves: its line in the log, its place in the metrics, its spans
 * where traces are made, and a refusal of a known caller in the ledger.
 */
export function conclude(
  deps: Pick<DecisionDeps, 'log' | 'observer' | 'refusals' | 'traces'>,
  ended: Ended,
): void {
  const { exchange, facts, envelope, error } = ended;
  const { observer, traces } = deps;
  const seen = observer === undefined && traces === undefined ? null : requestSeen(ended);
  const traceId = seen === null ? null : traces?.add(tracedWork(ended, seen, traces.namesApps));
  logDecision(deps.log, exchange, facts, envelope, error, traceId ?? null);
  if (seen !== null) observer?.request(seen);
  noteRefusal(deps.refusals, ended);
}

/**
 * Leaves what a request leaves that asks for no judgement and has spans of its own: its line in the log, and
 * its span where traces are made.
 */
export function concludeRequest(deps: Pick<DecisionDeps, 'log' | 'traces'>, ended: Ended): void {
  const { exchange, facts, envelope, error } = ended;
  const { traces } = deps;
  let traceId: string | null = null;
  if (traces !== undefined) {
    const work = tracedRequest(ended, requestSeen(ended), traces.namesApps);
    traceId = facts.call === undefined ? traces.add(work) : facts.call.end(work);
  }
  logDecision(deps.log, exchange, facts, envelope, error, traceId);
}
