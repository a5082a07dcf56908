import type { ApiKeyCaller } from '../../../account/api-key/check.ts';
import { Fault } from '../../../faults.ts';
import { CAPTURE_NAMES } from '../../../liveness/quality/capture.ts';
import { areReviewLimits } from '../../../liveness/review.ts';
import type { ReviewLimits } from '../../../liveness/types.ts';
import { newSessionNames, tokenDigest } from '../../../session/secrets.ts';
import type { Session, SessionWishes } from '../../../session/types.ts';
import { appWebhookSecret } from '../../../webhook/sign.ts';
import { webhookUrlProblem } from '../../../webhook/url.ts';
import { withPermit } from '../../decision/admit.ts';
import type { Envelope } from '../../http/envelope.ts';
import type { Exchange } from '../../http/exchange.ts';
import type { Language } from '../language.ts';
import type { Notes } from '../liveness.ts';
import { textHeaders } from '../problems.ts';
import { jsonEnvelope } from '../reply.ts';
import type { SessionDeps, SessionSettings } from './deps.ts';
import { readJson } from './json-body.ts';
import { type NewSessionBody, type SessionRequestBody, sessionRequestSchema } from './schemas.ts';

/** Scopes that make and read sessions: one of them is enough. */
export const SESSION_SCOPES = ['sessions', 'judge'] as const;
const STILLS = 3;

/**
 * Makes a session for the app of an API key.
 * @throws {Fault} as every call with an API key; `request_malformed` (`schema`, `policy`, `webhook`),
 * `rate_limited` (`open_sessions`)
 */
export async function answerNewSession(
  deps: SessionDeps,
  exchange: Exchange,
  language: Language,
  { facts }: Notes,
): Promise<Envelope> {
  const { sessions, apiKeys, bodies, clock, limiter } = deps;
  const { request, callerAddress } = exchange;
  const { authorization } = request.headers;
  const caller = await apiKeys.authenticate({ authorization, callerAddress, scope: SESSION_SCOPES });
  const { appid } = caller.app;
  facts.appid = appid;
  facts.secretId = caller.keyId;
  return withPermit(limiter, caller.app, async () => {
    const asked = await readJson(exchange, bodies, `app ${appid}`, sessionRequestSchema);
    const { settings } = sessions;
    const wishes = wishesOf(asked, caller, settings);
    if (wishes.reference !== null) facts.reference = wishes.reference;
    const { sessionId, token } = newSessionNames();
    const now = clock();
    const expiresAt = now + (asked.expiresInSeconds ?? settings.seconds) * 1000;
    const session: Session = {
      ...wishes,
      // Kept where somebody is called about it: the call goes on with this trace.
      ...(facts.call === undefined || wishes.webhook === null ? {} : { traceparent: facts.call.traceparent }),
      sessionId,
      appid,
      tokenDigest: tokenDigest(token),
      createdAt: now,
      expiresAt,
      ...FRESH,
    };
    await sessions.store.createSession(session, settings.mostOpen);
    const { webhookSecret } = settings;
    const { stills, tries, webhook } = wishes;
    const body: NewSessionBody = {
      sessionId,
      token,
      expiresAt: new Date(expiresAt).toISOString(),
      stills,
      tries,
      webhookSecret:
        webhook === null || webhookSecret === null ? null : appWebhookSecret(webhookSecret, appid),
    };
    const headers = { ...textHeaders(language), location: `/v1/sessions/${sessionId}` };
    return { ...jsonEnvelope(body, headers), http: 201 };
  });
}

/** Where every session begins. */
const FRESH = {
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
} as const;

function wishesOf(
  asked: SessionRequestBody,
  { app }: ApiKeyCaller,
  settings: SessionSettings,
): SessionWishes {
  const { reference = null, origin = null, stills = STILLS, tries = settings.tries, webhook = null } = asked;
  const { threshold = null, capture = null, review = null } = asked.policy ?? {};
  const captureSignals = asked.policy?.captureSignals ?? settings.captureSignals;
  if (origin !== null) checkOrigin(origin);
  if (webhook !== null) checkWebhook(webhook, settings);
  const ownThreshold = app.policy.threshold ?? settings.threshold;
  if (threshold !== null && threshold < ownThreshold) {
    throw tooLoose('threshold', `at least ${ownThreshold}`, threshold);
  }
  const ownCapture = app.policy.capture ?? settings.capture;
  if (capture !== null && CAPTURE_NAMES.indexOf(capture) < CAPTURE_NAMES.indexOf(ownCapture)) {
    throw tooLoose('capture', `${ownCapture} or stricter`, capture);
  }
  if (review !== null) checkReview(review, app, settings);
  if (settings.captureSignals === 'review' && captureSignals !== 'review') {
    throw tooLoose('captureSignals', 'review', captureSignals);
  }
  return { reference, origin, stills, tries, threshold, capture, review, captureSignals, webhook };
}

/** Between the limits of a session lies what is between those of its app, so that no less is for review. */
function checkReview(
  review: ReviewLimits,
  { policy }: ApiKeyCaller['app'],
  { profile, reviewLimits }: SessionSettings,
): void {
  const found = `${review.low} to ${review.high}`;
  if (!areReviewLimits(review)) throw tooLoose('review', 'a low limit below a high one', found);
  const own = policy.review ?? reviewLimits[policy.profile ?? profile];
  // Networks of the operator's own may come with limits that are known where they judge alone.
  if (own === undefined) throw tooLoose('review', 'none, since the networks bring their own limits', found);
  if (own !== null && (review.low > own.low || review.high < own.high)) {
    throw tooLoose('review', `low at most ${own.low} and high at least ${own.high}`, found);
  }
}

/** A session may be stricter than its app, never less strict. */
function tooLoose(name: string, expected: string, found: string | number): Fault {
  return new Fault(
    'request_malformed',
    'policy',
    `policy.${name}: expected ${expected}, as the app has it; found ${found}.`,
  );
}

function checkOrigin(origin: string): void {
  if (
    URL.canParse(origin) &&
    /^https?:$/.test(new URL(origin).protocol) &&
    new URL(origin).origin === origin
  ) {
    return;
  }
  throw new Fault(
    'request_malformed',
    'schema',
    'origin must be that of a web page as browsers write it, such as https://example.org.',
  );
}

function checkWebhook(webhook: string, { webhookSecret }: SessionSettings): void {
  const problem = webhookUrlProblem(webhook);
  if (problem !== null) throw new Fault('request_malformed', 'webhook', `webhook: ${problem}.`);
  if (webhookSecret !== null) return;
  throw new Fault(
    'request_malformed',
    'webhook',
    'webhook: this installation makes no calls; its operator has to set webhook.secret.',
  );
}
