import { type ReasonCode, reason } from '../../../liveness/reasons.ts';
import { VERDICT_REASONS } from '../../../liveness/review.ts';
import { severityOf } from '../../../policy/policy.ts';
import type { Session, StillTaken } from '../../../session/types.ts';
import type { Language } from '../language.ts';
import { textsOf } from '../reason-texts.ts';
import type { ProgressBody } from './schemas.ts';

/**
 * All that a page gets to know after a still: whether to go on. Live, attack and review look the same, and
 * hints are given only where nothing was judged, of what would make the pictures fit.
 */
export function progressOf(session: Session, language: Language): ProgressBody {
  const { state, outcome, nonce, taken, attempt, stills, tries } = session;
  const triesLeft = tries - attempt + 1;
  if (state === 'done') {
    if (outcome !== 'unfit')
      return { state: 'accepted', nonce: null, stillsLeft: 0, triesLeft: 0, hints: [] };
    const hints = hintsOf(taken, attempt, language);
    return { state: 'ended', nonce: null, stillsLeft: 0, triesLeft: 0, hints };
  }
  const stillsLeft = stills - taken.filter((one) => one.attempt === attempt).length;
  const isFresh = attempt > 1 && stillsLeft === stills;
  if (!isFresh) return { state: 'more', nonce, stillsLeft, triesLeft, hints: [] };
  return { state: 'again', nonce, stillsLeft, triesLeft, hints: hintsOf(taken, attempt - 1, language) };
}

/** The quality failures of one try, each once, those of most stills first. */
function hintsOf(taken: readonly StillTaken[], attempt: number, language: Language): ProgressBody['hints'] {
  const counts = new Map<string, number>();
  for (const code of taken.filter((one) => one.attempt === attempt).flatMap(({ reasons }) => reasons)) {
    if (VERDICT_REASONS.has(code) || severityOf(code) !== 'error') continue;
    counts.set(code, (counts.get(code) ?? 0) + 1);
  }
  return [...counts]
    .sort(([, one], [, other]) => other - one)
    .map(([code]) => ({ code, ...textsOf(reason(code as ReasonCode), language) }));
}
