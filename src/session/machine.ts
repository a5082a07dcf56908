import { Fault, type FaultReason } from '../faults.ts';
import { decideTry } from './outcome.ts';
import type { Session, SessionState, SessionStep, StillTaken } from './types.ts';

/** Uploads with a wrong MAC that end a session. */
export const MOST_REFUSED = 20;
/** A judgement that is heard of no more (its node died) holds its session for so long, in ms. */
export const CLAIM_MS = 60_000;

const ENDS: ReadonlySet<SessionState> = new Set<SessionState>(['done', 'expired', 'exhausted', 'cancelled']);

/** Whether nothing leads out of a state. */
export function isEnd(state: SessionState): boolean {
  return ENDS.has(state);
}

/**
 * The session as it is at a time: one that is over by the clock counts as expired, whether somebody has said
 * so in the store or not. A judgement that was begun in time may still end.
 */
export function atTime(session: Session, now: number): Session {
  if (isEnd(session.state) || now < session.expiresAt || isClaimed(session, now)) return session;
  return ended(session, 'expired', now);
}

/**
 * Makes one step. Pure; the only place that says what a state allows.
 * @throws {Fault} `session_conflict`
 */
export function applyStep(found: Session, step: SessionStep, now: number): Session {
  const session = atTime(found, now);
  if (step.kind === 'expire') return session;
  // The answer to the upload that ended it was lost on its way: the same page asks again.
  if (session.state === 'done' && step.kind === 'claim' && step.mac === session.lastMac) return session;
  if (isEnd(session.state)) throw conflict('over', `The session is over (${session.state}).`);
  switch (step.kind) {
    case 'start':
      return start(session, step, now);
    case 'claim':
      return claim(session, step, now);
    case 'refuse':
      return refuse(session, now);
    case 'release':
      return session.claim?.mac === step.mac ? { ...session, state: 'uploading', claim: null } : session;
    case 'finish':
      return finish(session, step, now);
    case 'cancel':
      return ended(session, 'cancelled', now);
  }
}

function start(session: Session, { key, nonce }: SessionStep & { kind: 'start' }, now: number): Session {
  if (session.state === 'created') {
    return { ...session, state: 'uploading', macKey: key, nonce, startedAt: now };
  }
  // The answer was lost on its way: the same page asks again.
  if (session.macKey === key) return session;
  throw conflict('started', 'The session was started by another page.');
}

function claim(session: Session, { nonce, mac }: SessionStep & { kind: 'claim' }, now: number): Session {
  if (session.state === 'created') throw conflict('not_started', 'The session was not started.');
  if (mac === session.lastMac) return session;
  if (isClaimed(session, now)) throw conflict('judging', 'A still of this session is being judged.', 1);
  if (nonce !== session.nonce) throw conflict('nonce', 'The nonce is not the one that comes next.');
  return { ...session, state: 'judging', claim: { mac, at: now } };
}

function refuse(session: Session, now: number): Session {
  const refused = session.refused + 1;
  if (refused >= MOST_REFUSED) return ended({ ...session, refused }, 'exhausted', now);
  return { ...session, refused };
}

function finish(
  session: Session,
  { mac, still, nonce }: SessionStep & { kind: 'finish' },
  now: number,
): Session {
  if (session.claim?.mac !== mac) throw conflict('nonce', 'The still was not being judged for this session.');
  const taken = [...session.taken, { ...still, attempt: session.attempt }];
  const next: Session = { ...session, state: 'uploading', claim: null, lastMac: mac, nonce, taken };
  const together = taken.filter(({ attempt }) => attempt === session.attempt);
  if (together.length < session.stills) return next;
  const { outcome, decision } = decideTry(together, session.captureSignals);
  if (outcome === 'unfit' && session.attempt < session.tries) {
    return { ...next, taken: taken.map(withoutSketch), decision, attempt: session.attempt + 1 };
  }
  return { ...ended(next, 'done', now), outcome, decision };
}

/** At an end the key goes, and what pictures were compared by. */
function ended(session: Session, state: SessionState, now: number): Session {
  const taken = session.taken.map(withoutSketch);
  return { ...session, state, endedAt: now, claim: null, macKey: null, nonce: null, taken };
}

function withoutSketch(still: StillTaken): StillTaken {
  if (still.evidence?.sketch === undefined) return still;
  const { sketch: _, ...evidence } = still.evidence;
  return { ...still, evidence };
}

function isClaimed({ claim: held }: Session, now: number): boolean {
  return held !== null && now < held.at + CLAIM_MS;
}

function conflict(reason: FaultReason<'session_conflict'>, message: string, retryAfter?: number): Fault {
  return new Fault('session_conflict', reason, message, retryAfter === undefined ? {} : { retryAfter });
}
