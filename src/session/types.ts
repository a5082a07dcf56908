import type {
  Box,
  CapturePreset,
  Judgement,
  ReviewLimits,
  StillEvidence,
  Verdict,
} from '../liveness/types.ts';
import type { CaptureSignal } from './signals.ts';

/** Where a session stands. The last four are ends: nothing leads out of them. */
export const SESSION_STATES = [
  'created',
  'uploading',
  'judging',
  'done',
  'expired',
  'exhausted',
  'cancelled',
] as const;
export type SessionState = (typeof SESSION_STATES)[number];

/** What the pictures of a session that is `done` came to. `unfit`: none could be judged in any try. */
export const SESSION_OUTCOMES = ['live', 'attack', 'review', 'unfit'] as const;
export type SessionOutcome = (typeof SESSION_OUTCOMES)[number];

/** What the stills of a try are decided together by: numbers, nothing of the picture. */
export interface StillEvidenceKept {
  readonly fusedLogit: number | null;
  readonly reviewLimits: Judgement['reviewLimits'];
  readonly curve: StillEvidence['curve'];
  readonly faceBox: Box | null;
  readonly width: number;
  /** What tells one picture from another, see `sketchOf`; absent: there is none, or the try is over. */
  readonly sketch?: readonly number[];
}

/** One decision on the stills of the last whole try. */
export interface SessionDecision {
  readonly score: number | null;
  readonly liveProbability: number | null;
  readonly review: boolean;
  /** Codes, errors first. */
  readonly reasons: readonly string[];
}

/** One still that was accepted and judged; the picture itself is kept nowhere. */
export interface StillTaken {
  /** 1, 2, … */
  readonly attempt: number;
  readonly requestId: string;
  /** SHA-256 of the picture as received, hex. */
  readonly sha256: string;
  readonly bytes: number;
  /** Ms since 1970, by the service's clock. */
  readonly receivedAt: number;
  /** Ms from the camera's first frame to this still, as the page said; null: it said nothing. */
  readonly takenAfter: number | null;
  /** Null: the bytes were no picture that can be read. */
  readonly verdict: Verdict | null;
  readonly score: number | null;
  readonly threshold: number | null;
  readonly review: boolean;
  /** Codes of the reasons, errors first. */
  readonly reasons: readonly string[];
  readonly signals: readonly CaptureSignal[];
  /** Null: nothing was judged. */
  readonly evidence: StillEvidenceKept | null;
}

/** What is asked for when a session is made. */
export interface SessionWishes {
  /** The caller's own name for the person or case; opaque. */
  readonly reference: string | null;
  /** The one web origin that may upload; null: no page of another origin. */
  readonly origin: string | null;
  /** Stills that make one try, and tries. */
  readonly stills: number;
  readonly tries: number;
  readonly threshold: number | null;
  readonly capture: CapturePreset | null;
  /** Limits of review; null, or absent in sessions of versions before: the app's. */
  readonly review?: ReviewLimits | null;
  /** Whether signals of an injected picture turn `live` into `review`. */
  readonly captureSignals: 'information' | 'review';
  /** Where the result is sent; null: nowhere. */
  readonly webhook: string | null;
}

/** A session as it is kept. Times are ms since 1970. */
export interface Session extends SessionWishes {
  readonly sessionId: string;
  readonly appid: string;
  /** SHA-256 of the token, hex; the token is kept nowhere. */
  readonly tokenDigest: string;
  /** Of the request that made it, for the webhook's span; absent: it had none. */
  readonly traceparent?: string;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly state: SessionState;
  /** Null unless `done`. */
  readonly outcome: SessionOutcome | null;
  /** Of the last whole try; null before it. */
  readonly decision: SessionDecision | null;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  /** The key that the page made (base64url of 32 bytes); null before the start and after the end. */
  readonly macKey: string | null;
  /** What the next upload must name. */
  readonly nonce: string | null;
  /** The upload that is being judged. */
  readonly claim: { readonly mac: string; readonly at: number } | null;
  /** The upload accepted last: the same one again is answered again. */
  readonly lastMac: string | null;
  readonly attempt: number;
  /** Uploads with a wrong MAC. */
  readonly refused: number;
  readonly taken: readonly StillTaken[];
}

/** One call on a session, as plain data. */
export type SessionStep =
  | { readonly kind: 'start'; readonly key: string; readonly nonce: string }
  /** An upload whose MAC is right. */
  | { readonly kind: 'claim'; readonly nonce: string; readonly mac: string }
  /** An upload whose MAC is wrong. */
  | { readonly kind: 'refuse' }
  /** The judgement of a claimed upload failed: it may be sent again. */
  | { readonly kind: 'release'; readonly mac: string }
  | { readonly kind: 'finish'; readonly mac: string; readonly still: StillTaken; readonly nonce: string }
  | { readonly kind: 'cancel' }
  | { readonly kind: 'expire' };

/**
 * Where sessions are kept. Every method rejects with a `Fault` `state_unavailable` when the store does not
 * answer; what resolves is on disk, and seen by every node.
 */
export interface SessionStore {
  /**
   * @param mostOpen sessions of one app that may be open
   * @throws {Fault} `rate_limited` (`open_sessions`) with `retryAfter`, when there are so many
   */
  createSession(session: Session, mostOpen?: number): Promise<void>;
  findCaptureSession(sessionId: string): Promise<Session | null>;
  /**
   * Makes one step, one after the other for one session whichever nodes ask; the session as it is then. An
   * end puts the webhook's call down in the same transaction.
   * @throws {Fault} `session_unknown`, `session_conflict`
   */
  stepSession(sessionId: string, step: SessionStep, now: number): Promise<Session>;
  /** Ends at most `limit` sessions whose time is over; how many. */
  expireSessions(now: number, limit: number): Promise<number>;
  /** How many are open, over all apps. */
  countOpenSessions(now: number): Promise<number>;
}
