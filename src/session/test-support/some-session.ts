import { tokenDigest } from '../secrets.ts';
import type { Session, StillTaken } from '../types.ts';

/** A session that was just made, changed by `change`. */
export function someSession(change: Partial<Session> = {}): Session {
  return {
    sessionId: 'ses_AAAAAAAAAAAAAAAAAAAAAA',
    appid: '1000001',
    tokenDigest: tokenDigest('lst_of a test'),
    createdAt: 0,
    expiresAt: 300_000,
    reference: null,
    origin: null,
    stills: 2,
    tries: 2,
    threshold: null,
    capture: null,
    captureSignals: 'information',
    webhook: null,
    state: 'created',
    outcome: null,
    startedAt: null,
    endedAt: null,
    macKey: null,
    nonce: null,
    claim: null,
    lastMac: null,
    attempt: 1,
    refused: 0,
    taken: [],
    ...change,
  };
}

/** A judged still, live where nothing is said. */
export function someStill(change: Partial<StillTaken> = {}): StillTaken {
  return {
    attempt: 1,
    requestId: 'request-1',
    sha256: 'ab'.repeat(32),
    bytes: 1000,
    receivedAt: 1000,
    takenAfter: 500,
    verdict: 'live',
    score: 93,
    threshold: 87,
    review: false,
    reasons: [],
    signals: [],
    ...change,
  };
}
