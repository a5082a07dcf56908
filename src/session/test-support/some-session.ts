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
    decision: null,
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
    threshold: 60,
    review: false,
    reasons: [],
    signals: [],
    evidence: {
      fusedLogit: change.verdict === 'attack' ? -3 : 3,
      reviewLimits: null,
      curve: CURVE,
      faceBox: { left: 100, top: 100, right: 200, bottom: 220 },
      width: 640,
    },
    ...change,
  };
}

/** A calibration: 0 of 100 at Z = -4, 100 at Z = 4. */
export const CURVE = {
  score: [
    [-4, 0],
    [4, 100],
  ],
  probability: { a: 1, b: 0 },
};
