import type { DecisionDeps } from './deps.ts';
import { logDecision } from './log.ts';
import { type Ended, noteRefusal } from './note-refusal.ts';
import { requestSeen } from './request-seen.ts';

/**
 * Leaves what every request for a judgement leaves: its line in the log, its place in the metrics, and a
 * refusal of a known caller in the ledger.
 */
export function conclude(deps: Pick<DecisionDeps, 'log' | 'observer' | 'refusals'>, ended: Ended): void {
  const { exchange, facts, envelope, error } = ended;
  logDecision(deps.log, exchange, facts, envelope, error);
  deps.observer?.request(requestSeen(ended));
  noteRefusal(deps.refusals, ended);
}
