import type { App } from '../../../account/types.ts';
import { Fault } from '../../../faults.ts';
import type { Judgement } from '../../../liveness/types.ts';
import { LONGEST_FACTS, readFacts } from '../../../session/facts.ts';
import { applyStep, isEnd } from '../../../session/machine.ts';
import { isSameMac, newNonce, uploadMac } from '../../../session/secrets.ts';
import { captureSignals } from '../../../session/signals.ts';
import { sketchOf } from '../../../session/sketch.ts';
import type { Session, StillTaken } from '../../../session/types.ts';
import { checkRoom, withPermit } from '../../decision/admit.ts';
import { type Asked, decideOn } from '../../decision/decide.ts';
import type { Envelope } from '../../http/envelope.ts';
import type { Exchange } from '../../http/exchange.ts';
import type { BodyHold } from '../../intake/body-memory.ts';
import { checkAnnouncedSize, withBody } from '../../intake/read-body.ts';
import type { Language } from '../language.ts';
import type { Notes } from '../liveness.ts';
import { inputType, refuseCoded } from '../picture-input.ts';
import { asProblem, problemEnvelope, textHeaders } from '../problems.ts';
import { jsonEnvelope } from '../reply.ts';
import type { SessionDeps } from './deps.ts';
import { readJson } from './json-body.ts';
import { sessionOfPage } from './page.ts';
import { progressOf } from './progress.ts';
import { startRequestSchema } from './schemas.ts';

/**
 * A page starts its session with the key that its MACs are made with: once, for one page. The same key again
 * is answered again.
 * @throws {Fault} `session_token_invalid`, `upload_refused`, `session_conflict`, `request_malformed`
 */
export async function answerStart(
  deps: SessionDeps,
  exchange: Exchange,
  language: Language,
  notes: Notes,
  sessionId: string,
): Promise<Envelope> {
  const { store } = deps.sessions;
  const session = await sessionOfPage(deps, exchange, notes, sessionId);
  const { key } = await readJson(exchange, deps.bodies, `app ${session.appid}`, startRequestSchema);
  const next = await store.stepSession(sessionId, { kind: 'start', key, nonce: newNonce() }, deps.clock());
  return progressEnvelope(next, language);
}

/** One upload on its way. */
interface Upload {
  readonly exchange: Exchange;
  readonly notes: Notes;
  readonly language: Language;
  readonly session: Session;
  readonly app: App;
  readonly nonce: string;
  readonly mac: string;
  readonly facts: string;
}

/**
 * Takes one still: token, origin, state and headers first, then the body and its MAC; then it is judged as
 * every picture is, its row is in the ledger, and the session is a step further. The picture is gone when
 * this resolves.
 * @throws {Fault} `session_token_invalid`, `upload_refused`, `session_conflict`, and those of a judgement
 * @throws {RequestAborted} when the caller went away
 * @throws {AbortError} when the caller went away
 */
export async function answerStill(
  deps: SessionDeps,
  exchange: Exchange,
  language: Language,
  notes: Notes,
  sessionId: string,
): Promise<Envelope> {
  const { request } = exchange;
  const session = await sessionOfPage(deps, exchange, notes, sessionId);
  const app = await activeApp(deps, session.appid);
  const headers = uploadHeaders(exchange);
  // Refuses by state before a body is read; the claim looks again, in the store.
  const found = applyStep(session, { kind: 'claim', ...headers }, deps.clock());
  checkRoom(deps.judge, session.appid);
  checkAnnouncedSize(request, deps.maxBodyBytes);
  refuseCoded(request.headers['content-encoding']);
  if (inputType(request.headers['content-type']).kind !== 'raw') {
    throw new Fault('media_type_unsupported', 'content_type', 'The body must be the picture itself.');
  }
  return withPermit(deps.limiter, app, () => {
    exchange.wantBody();
    notes.facts.stages?.enter('body');
    const share = { limit: deps.maxBodyBytes, owner: `app ${session.appid}` };
    return withBody(deps.bodies, request, share, (body, hold) =>
      // Only the upload that ended the session comes so far when it is over: it is answered again.
      isEnd(found.state)
        ? Promise.resolve(progressEnvelope(found, language))
        : takeStill(deps, { exchange, notes, language, session, app, ...headers }, body, hold),
    );
  });
}

async function takeStill(deps: SessionDeps, upload: Upload, body: Buffer, hold: BodyHold): Promise<Envelope> {
  const { session, mac, language, nonce, notes } = upload;
  notes.facts.stages?.enter('admit');
  const { sessionId } = session;
  const { store } = deps.sessions;
  if (body.length === 0) throw new Fault('picture_missing', 'no_image', 'The body is empty.');
  if (!isSameMac(uploadMac(session.macKey ?? '', partsOf(upload), body), mac)) {
    const refused = await store.stepSession(sessionId, { kind: 'refuse' }, deps.clock());
    deps.observer?.sessionStill('refused');
    if (isEnd(refused.state)) deps.observer?.sessionEnded(refused.state);
    throw new Fault('upload_refused', 'mac', 'The MAC does not belong to this picture, nonce and session.');
  }
  const claimed = await store.stepSession(sessionId, { kind: 'claim', nonce, mac }, deps.clock());
  if (claimed.claim?.mac !== mac) return progressEnvelope(claimed, language);
  let still: StillTaken;
  try {
    still = await judgeStill(deps, upload, claimed, body, hold);
  } catch (error) {
    await store.stepSession(sessionId, { kind: 'release', mac }, deps.clock()).catch(() => {});
    throw error;
  }
  const finished = { kind: 'finish', mac, still, nonce: newNonce() } as const;
  const next = await store.stepSession(sessionId, finished, deps.clock());
  deps.observer?.sessionStill(progressOf(next, language).state);
  if (isEnd(next.state)) deps.observer?.sessionEnded(next.outcome ?? next.state);
  return progressEnvelope(next, language);
}

function partsOf({ session, nonce, facts }: Upload) {
  return { sessionId: session.sessionId, nonce, facts };
}

async function judgeStill(
  deps: SessionDeps,
  upload: Upload,
  session: Session,
  picture: Buffer,
  hold: BodyHold,
): Promise<StillTaken> {
  const { exchange, notes, language, app } = upload;
  const receivedAt = deps.clock();
  const { threshold, capture } = session;
  const policy = {
    ...app.policy,
    ...(threshold === null ? {} : { threshold }),
    ...(capture === null ? {} : { capture }),
  };
  let decided: Judgement | null = null;
  const asked: Asked = {
    api: 'v1',
    exchange,
    facts: notes.facts,
    app: { ...app, policy },
    still: true,
    rules: await deps.sessions.findRules(app.appid),
    hold,
    answer(_judgement, decision) {
      decided = decision;
      const { score, verdict } = decision;
      return {
        ...jsonEnvelope({}, {}),
        kind: verdict === 'no_face' ? 'no_face' : null,
        data: score === null ? {} : { score },
      };
    },
    refusal: (fault) => problemEnvelope(asProblem(fault), language, exchange.requestId),
  };
  const { fault } = await decideOn(deps, asked, { kind: 'bytes', bytes: picture });
  if (fault !== null) notes.error = fault;
  return stillOf(upload, session, picture, receivedAt, decided ?? fault);
}

/** What is kept of a still. */
function stillOf(
  { exchange, notes, facts: header }: Upload,
  session: Session,
  picture: Buffer,
  receivedAt: number,
  found: Judgement | Fault | null,
): StillTaken {
  const facts = readFacts(header);
  const sha256 = notes.facts.pictureSha256 ?? '';
  const before = session.taken.filter(({ attempt }) => attempt === session.attempt).at(-1) ?? null;
  const judgement = found instanceof Fault ? null : found;
  return {
    attempt: session.attempt,
    requestId: exchange.requestId,
    sha256,
    bytes: picture.length,
    receivedAt,
    takenAfter: facts?.takenAfter ?? null,
    verdict: judgement?.verdict ?? null,
    score: judgement?.score ?? null,
    threshold: judgement?.threshold ?? null,
    review: judgement?.review ?? false,
    reasons:
      found instanceof Fault ? [found.reason] : (judgement?.reasons.map(({ code }) => code as string) ?? []),
    evidence: evidenceOf(judgement, session.macKey),
    signals: captureSignals({ facts, picture, sha256, earlier: session.taken, before }),
  };
}

/** Of the thumbnail, a small copy of the picture, a sketch is left: no picture is kept. */
function evidenceOf(judgement: Judgement | null, key: string | null): StillTaken['evidence'] {
  if (judgement?.still === undefined) return null;
  const { fusedLogit, reviewLimits, face, width, still } = judgement;
  const { curve, thumbnail } = still;
  const sketch = thumbnail === null || key === null ? {} : { sketch: sketchOf(thumbnail, key) };
  return { fusedLogit, reviewLimits, curve, faceBox: face?.box ?? null, width, ...sketch };
}

function uploadHeaders({ request: { headers } }: Exchange): Pick<Upload, 'nonce' | 'mac' | 'facts'> {
  const member = (name: string, form: RegExp, longest = 64) => {
    const value = headers[name];
    if (typeof value === 'string' && value.length <= longest && form.test(value)) return value;
    const what = `Expected one ${name} of base64url without padding.`;
    throw new Fault('request_malformed', 'upload', what);
  };
  const facts =
    headers['livestill-facts'] === undefined ? '' : member('livestill-facts', /^[\w-]+$/, LONGEST_FACTS);
  return {
    nonce: member('livestill-nonce', /^[\w-]{22}$/),
    mac: member('livestill-mac', /^[\w-]{43}$/),
    facts,
  };
}

/** @throws {Fault} `app_suspended`, `app_closed`, `session_token_invalid` */
async function activeApp({ sessions }: SessionDeps, appid: string): Promise<App> {
  const app = await sessions.findApp(appid);
  if (app === null) {
    throw new Fault('session_token_invalid', 'session_token_invalid', 'The app of the session is gone.');
  }
  const why = `The app ${appid} is ${app.state}.`;
  if (app.state === 'suspended') throw new Fault('app_suspended', 'app_suspended', why);
  if (app.state === 'closed') throw new Fault('app_closed', 'app_closed', why);
  return app;
}

function progressEnvelope(session: Session, language: Language): Envelope {
  return jsonEnvelope(progressOf(session, language), textHeaders(language));
}
