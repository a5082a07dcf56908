import { Fault } from '../../../faults.ts';
import { isToken } from '../../../session/secrets.ts';
import type { Session } from '../../../session/types.ts';
import type { Exchange } from '../../http/exchange.ts';
import type { Notes } from '../liveness.ts';
import type { SessionDeps } from './deps.ts';

/** What a page may send (Fetch standard, CORS-preflight request). */
const PAGE_HEADERS =
  'authorization, content-type, accept-language, livestill-nonce, livestill-mac, livestill-facts';

/** CORS for the origin of one session alone, whatever the service allows elsewhere. */
export function originHeaders({ origin }: Session): Readonly<Record<string, string>> {
  return origin === null ? {} : { 'access-control-allow-origin': origin };
}

/** What a preflight of a session's page is answered with; null where the session has no origin. */
export async function pagePreflight(
  { sessions }: SessionDeps,
  { request }: Exchange,
  sessionId: string,
): Promise<Readonly<Record<string, string>> | null> {
  if (request.headers.origin === undefined) return null;
  const session = await sessions.store.findCaptureSession(sessionId);
  if (session === null || session.origin !== request.headers.origin) return null;
  return {
    ...originHeaders(session),
    'access-control-allow-methods': 'POST',
    'access-control-allow-headers': PAGE_HEADERS,
    'access-control-max-age': '600',
    vary: 'origin',
  };
}

/**
 * The session that a page's token belongs to. An unknown session and a wrong token are answered alike.
 * @throws {Fault} `session_token_invalid`, `upload_refused` (`origin`)
 */
export async function sessionOfPage(
  { sessions }: SessionDeps,
  { request }: Exchange,
  notes: Notes,
  sessionId: string,
): Promise<Session> {
  const session = await sessions.store.findCaptureSession(sessionId);
  if (session !== null) notes.headers = originHeaders(session);
  const token = /^bearer +(lst_[\w-]{43}) *$/i.exec((request.headers.authorization ?? '').trim())?.[1];
  if (session === null || token === undefined || !isToken(token, session.tokenDigest)) {
    throw new Fault(
      'session_token_invalid',
      'session_token_invalid',
      'There is no such session, or the token is not its own.',
    );
  }
  notes.facts.appid = session.appid;
  notes.facts.secretId = sessionId;
  notes.facts.source = `session:${sessionId}`;
  if (session.reference !== null) notes.facts.reference = session.reference;
  if (session.origin !== null && request.headers.origin !== session.origin) {
    const found = JSON.stringify((request.headers.origin ?? 'none').slice(0, 200));
    throw new Fault(
      'upload_refused',
      'origin',
      `Only pages of ${session.origin} may upload for this session; found the origin ${found}.`,
    );
  }
  return session;
}
