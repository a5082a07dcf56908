import type { Judgement, Verdict } from '../../liveness/types.ts';
import type { DownloadEvent } from '../../picture/types.ts';
import type { SessionOutcome, SessionState } from '../../session/types.ts';
import type { WebhookEnd } from '../../webhook/types.ts';
import type { HttpFaultSeen } from '../http/http-faults.ts';

/** Which of the two APIs was called. */
export type Api = 'legacy' | 'v1';

/**
 * How a request for a judgement ended. `judged`: with a judgement, no face included; `replayed`: with the
 * kept answer of an earlier one; `refused`: for what the caller sent, or a limit of the app; `busy`: for lack
 * of room; `failed`: by an error inside the service; `aborted`: the caller went away.
 */
export type Outcome = 'judged' | 'replayed' | 'refused' | 'busy' | 'failed' | 'aborted';

/** A request for a judgement, once it has ended. Nothing in it tells who called. */
export interface RequestSeen {
  readonly api: Api;
  readonly outcome: Outcome;
  /**
   * `legacy`: the number that was answered; `v1`: the problem's code, `ok` or `replayed`; `aborted` in both.
   */
  readonly code: string;
  /** As answered; `none` where no judgement was. */
  readonly verdict: Verdict | 'none';
  /** The constant that says why, of `refused`, `busy` and `failed`; else null. */
  readonly reason: string | null;
  readonly seconds: number;
  /** What the engine found, also where its answer could not be given. */
  readonly judgement: Judgement | null;
}

/** What a page is told after a still. */
export type SessionAnswer = 'more' | 'again' | 'accepted' | 'ended' | 'refused';
/** How a session ended. */
export type SessionEnd = SessionOutcome | SessionState;

/** Called with what happens in the service. Implementations count; they never fail and never wait. */
export interface Observer {
  /** A request for a judgement has ended. */
  request(seen: RequestSeen): void;
  /** A reply of any kind is out on the service port, with this HTTP status. */
  reply(status: number): void;
  /** A connection was closed below HTTP, answered where that is possible. */
  httpFault(fault: HttpFaultSeen): void;
  /** A download has ended, or report-only mode let something through. */
  download(event: DownloadEvent): void;
  /** A row was to be written into the ledger, and so long it took. */
  ledgerAppend(seconds: number, written: boolean): void;
  /** So many kept answers were forgotten before their time, since an app's share was full. */
  idempotencyShortened(answers: number): void;
  /** A page was answered after a still, or its still was refused for its MAC. */
  sessionStill(answer: SessionAnswer): void;
  /** Sessions have ended: with an outcome, or without one. */
  sessionEnded(outcome: SessionEnd, sessions?: number): void;
  /** The webhook of a session was called. */
  webhookCalled(end: WebhookEnd['kind']): void;
}

/**
 * The same observer for use in the middle of a request: what it throws goes to `onTrouble`, and the request
 * never sees it.
 */
export function guarded(observer: Observer, onTrouble: (error: unknown) => void): Observer {
  const quietly =
    <Arguments extends unknown[]>(act: (...given: Arguments) => void) =>
    (...given: Arguments): void => {
      try {
        act(...given);
      } catch (error) {
        onTrouble(error);
      }
    };
  return {
    request: quietly((seen: RequestSeen) => observer.request(seen)),
    reply: quietly((status: number) => observer.reply(status)),
    httpFault: quietly((fault: HttpFaultSeen) => observer.httpFault(fault)),
    download: quietly((event: DownloadEvent) => observer.download(event)),
    ledgerAppend: quietly((seconds: number, written: boolean) => observer.ledgerAppend(seconds, written)),
    idempotencyShortened: quietly((answers: number) => observer.idempotencyShortened(answers)),
    sessionStill: quietly((answer: SessionAnswer) => observer.sessionStill(answer)),
    sessionEnded: quietly((outcome: SessionEnd, sessions?: number) =>
      observer.sessionEnded(outcome, sessions),
    ),
    webhookCalled: quietly((end: WebhookEnd['kind']) => observer.webhookCalled(end)),
  };
}
