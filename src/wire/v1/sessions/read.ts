import { Fault } from '../../../faults.ts';
import { atTime } from '../../../session/machine.ts';
import type { Session } from '../../../session/types.ts';
import { sessionView } from '../../../session/view.ts';
import type { Envelope } from '../../http/envelope.ts';
import type { Exchange } from '../../http/exchange.ts';
import type { Language } from '../language.ts';
import type { Notes } from '../liveness.ts';
import { textHeaders } from '../problems.ts';
import { jsonEnvelope } from '../reply.ts';
import { SESSION_SCOPES } from './create.ts';
import type { SessionDeps } from './deps.ts';
import type { SessionBody } from './schemas.ts';

/**
 * A session, for the server of its app.
 * @throws {Fault} `session_unknown`, also for one of another app; as every call with an API key
 */
export async function answerSession(
  deps: SessionDeps,
  exchange: Exchange,
  language: Language,
  notes: Notes,
  sessionId: string,
): Promise<Envelope> {
  const session = await ownSession(deps, exchange, notes, sessionId);
  return bodyOf(deps, session, language);
}

/**
 * Cancels a session; the page is refused from then on.
 * @throws {Fault} `session_unknown`, `session_conflict` where it is over
 */
export async function answerCancel(
  deps: SessionDeps,
  exchange: Exchange,
  language: Language,
  notes: Notes,
  sessionId: string,
): Promise<Envelope> {
  await ownSession(deps, exchange, notes, sessionId);
  const session = await deps.sessions.store.stepSession(sessionId, { kind: 'cancel' }, deps.clock());
  deps.observer?.sessionEnded('cancelled');
  return bodyOf(deps, session, language);
}

async function ownSession(
  { apiKeys, sessions, clock }: SessionDeps,
  { request, callerAddress }: Exchange,
  { facts }: Notes,
  sessionId: string,
): Promise<Session> {
  const { authorization } = request.headers;
  const caller = await apiKeys.authenticate({ authorization, callerAddress, scope: SESSION_SCOPES });
  facts.appid = caller.app.appid;
  facts.secretId = caller.keyId;
  const session = await sessions.store.findCaptureSession(sessionId);
  if (session === null || session.appid !== caller.app.appid) {
    throw new Fault('session_unknown', 'session_unknown', 'The app of this key has no such session.');
  }
  return atTime(session, clock());
}

async function bodyOf({ sessions }: SessionDeps, session: Session, language: Language): Promise<Envelope> {
  const webhook =
    session.webhook === null ? null : await sessions.webhooks.findWebhook(`session:${session.sessionId}`);
  const body: SessionBody = { ...sessionView(session), webhook };
  return jsonEnvelope(body, textHeaders(language));
}
