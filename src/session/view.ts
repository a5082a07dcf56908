import type { CaptureSignal } from './signals.ts';
import type { Session, SessionDecision, SessionOutcome, SessionState, StillTaken } from './types.ts';

/** A session as its app's server sees it; nothing of token, key and nonce. */
export interface SessionView {
  readonly sessionId: string;
  readonly state: SessionState;
  readonly outcome: SessionOutcome | null;
  readonly decision: (Omit<SessionDecision, 'reasons'> & { readonly reasons: string[] }) | null;
  readonly reference: string | null;
  readonly origin: string | null;
  readonly createdAt: string;
  readonly expiresAt: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly stills: number;
  readonly tries: number;
  readonly triesUsed: number;
  /** Uploads with a wrong MAC. */
  readonly refusedUploads: number;
  readonly capture: { readonly signals: CaptureSignal[] };
  readonly taken: (Omit<StillTaken, 'attempt' | 'receivedAt' | 'reasons' | 'signals' | 'evidence'> & {
    readonly try: number;
    readonly receivedAt: string;
    readonly reasons: string[];
    readonly signals: CaptureSignal[];
  })[];
}

/** What the API and the webhook say of a session. */
export function sessionView(session: Session): SessionView {
  const { sessionId, state, outcome, decision, reference, origin, stills, tries, taken } = session;
  const last = taken.at(-1)?.attempt ?? 0;
  const isWhole = taken.filter(({ attempt }) => attempt === last).length === stills;
  return {
    sessionId,
    state,
    outcome,
    decision: decision === null ? null : { ...decision, reasons: [...decision.reasons] },
    reference,
    origin,
    createdAt: timeOf(session.createdAt),
    expiresAt: timeOf(session.expiresAt),
    startedAt: session.startedAt === null ? null : timeOf(session.startedAt),
    endedAt: session.endedAt === null ? null : timeOf(session.endedAt),
    stills,
    tries,
    triesUsed: isWhole ? last : Math.max(0, last - 1),
    refusedUploads: session.refused,
    capture: { signals: [...new Set(taken.flatMap(({ signals }) => signals))] },
    taken: taken.map(({ attempt, receivedAt, reasons, signals, evidence: _, ...rest }) => ({
      try: attempt,
      ...rest,
      receivedAt: timeOf(receivedAt),
      reasons: [...reasons],
      signals: [...signals],
    })),
  };
}

function timeOf(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
