import type { IncomingMessage } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Static, Type } from 'typebox';
import type { App } from '../../account/types.ts';
import { Fault } from '../../faults.ts';
import type { Together } from '../../liveness/stills/together.ts';
import type { Judgement, Reason } from '../../liveness/types.ts';
import { type Asked, decideOn } from '../decision/decide.ts';
import { type AskedTogether, type DecidedStill, decideTogether } from '../decision/decide-together.ts';
import type { DecisionDeps } from '../decision/deps.ts';
import type { Envelope } from '../http/envelope.ts';
import { exchangeOf } from '../http/exchange.ts';
import { checkAnnouncedSize, withBody } from '../intake/read-body.ts';
import { chooseLanguage, type Language } from '../v1/language.ts';
import { checkDeclared, inputType, picturesOf, refuseCoded } from '../v1/picture-input.ts';
import { asProblem, problemEnvelope } from '../v1/problems.ts';
import { textsOf } from '../v1/reason-texts.ts';
import type { ReasonTexts } from '../v1/reason-texts.zh.ts';
import { jsonEnvelope, livenessBody, livenessEnvelope, togetherBody, togetherEnvelope } from '../v1/reply.ts';
import type { AdminArea } from './area.ts';
import { answerFaultsAsV1 } from './area-faults.ts';
import { actorOf } from './caller.ts';

/** What the trial of a picture works with. */
export interface TryDeps {
  /** Undefined while the workers are not up. */
  readonly judging: () => TryJudging | undefined;
  readonly maxBodyBytes: number;
}

/** What judges: the service's own workers, ledger and memory for bodies. */
export interface TryJudging extends DecisionDeps {
  /** Of the server, where the caller names none. */
  readonly threshold: number;
}

const Query = Type.Object(
  {
    profile: Type.Optional(Type.Enum(['careful', 'fast', 'single'])),
    capture: Type.Optional(Type.Enum(['lenient', 'standard', 'strict'])),
    threshold: Type.Optional(Type.Number({ minimum: 0, maximum: 100 })),
  },
  { additionalProperties: false },
);
type Query = Static<typeof Query>;

/** Under this app stand the trials in the ledger. */
export const CONSOLE_APP = 'console';

/**
 * `POST /try`: judges a picture, or several stills, as `POST /v1/liveness` does, and says besides what each
 * network made of it. The body may be the picture itself or a form with the part `image`, or several parts
 * `images`. It leaves a row of the app `console` in the ledger, with the name of the caller as its key.
 */
export function tryArea({ judging, maxBodyBytes }: TryDeps): AdminArea {
  return async (app) => {
    answerFaultsAsV1(app);
    // The body is read by the same means as on the service port: within its memory, and its limit.
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', (_request, _payload, done) => done(null, undefined));
    app.post<{ Querystring: Query }>(
      '/try',
      {
        config: { access: 'try' },
        bodyLimit: maxBodyBytes,
        schema: { querystring: Query, summary: 'Judge a picture, and say what stands behind the answer' },
      },
      async (request, reply) => {
        const deps = judging();
        if (deps === undefined) throw new Fault('shutting_down', 'draining', 'The workers are not up.');
        const { http, headers, body } = await judgeTrial({ ...deps, maxBodyBytes }, request, reply);
        return reply
          .code(http)
          .headers(headers)
          .type(body?.contentType ?? '')
          .send(body?.bytes);
      },
    );
  };
}

async function judgeTrial(
  deps: TryJudging & { readonly maxBodyBytes: number },
  request: FastifyRequest<{ Querystring: Query }>,
  reply: FastifyReply,
): Promise<Envelope> {
  const { raw, id, callerAddress } = request;
  const language = chooseLanguage(request.headers['accept-language']);
  const waiting = new WeakSet<IncomingMessage>();
  const exchange = exchangeOf(raw, reply.raw, { requestId: id, callerAddress, waiting });
  checkAnnouncedSize(raw, deps.maxBodyBytes);
  refuseCoded(request.headers['content-encoding']);
  const type = inputType(request.headers['content-type']);
  const facts = { appid: CONSOLE_APP, secretId: actorOf(request).name };
  const share = { limit: deps.maxBodyBytes, owner: `app ${CONSOLE_APP}` };
  return withBody(deps.bodies, raw, share, async (body, hold) => {
    const pictures = await picturesOf(type, body);
    const sources = pictures.kind === 'one' ? [pictures.source] : pictures.sources;
    if (sources.some(({ kind }) => kind !== 'bytes'))
      throw new Fault('request_malformed', 'schema', 'A trial takes pictures themselves, and no url.');
    const common: Omit<Asked, 'answer'> = {
      api: 'v1',
      exchange,
      facts,
      app: consoleApp(request.query, deps.threshold),
      hold,
      check: (picture) => checkDeclared(type, picture),
      refusal: (fault) => problemEnvelope(asProblem(fault), language, id),
    };
    const options = { requestId: id, language, minFaceWidth: null };
    const asked: Asked = { ...common, answer: (judgement, decided) => answerOf(judgement, decided, options) };
    if (pictures.kind === 'one') return (await decideOn(deps, asked, pictures.source)).envelope;
    const together: AskedTogether = {
      ...common,
      answer: (stills, found) => answerTogether(stills, found, options),
    };
    return (await decideTogether(deps, together, pictures.sources)).envelope;
  });
}

interface AnswerOptions {
  readonly requestId: string;
  readonly language: Language;
  readonly minFaceWidth: null;
}

function answerOf(judgement: Judgement, decided: Judgement, options: AnswerOptions): Envelope {
  const body = livenessBody(judgement, decided, options);
  const whole = { ...body, ...behind(judgement), reasonTexts: textsInAll(decided.reasons) };
  return withWhole(livenessEnvelope(body, options.language), whole);
}

/** The answer to several stills, with what stands behind each. */
function answerTogether(
  stills: readonly DecidedStill[],
  together: Together,
  options: AnswerOptions,
): Envelope {
  const bodies = stills.map(({ judgement, decided }) => livenessBody(judgement, decided, options));
  const body = togetherBody(together, stills, bodies, options);
  const wholeStills = stills.map(({ judgement, decided }, at) => ({
    ...bodies[at],
    ...behind(judgement),
    reasonTexts: textsInAll(decided.reasons),
  }));
  const reasonTexts = textsInAll(together.judgement.reasons);
  return withWhole(togetherEnvelope(body, options.language), { ...body, reasonTexts, stills: wholeStills });
}

/**
 * Texts and advice of these reasons, in their order, in every language: a page that turns to another one
 * needs no second judgement, which would leave a second row in the ledger.
 */
function textsInAll(reasons: readonly Reason[]): Record<Language, ReasonTexts[]> {
  const textsIn = (language: Language) => reasons.map((one) => textsOf(one, language));
  return { en: textsIn('en'), zh: textsIn('zh') };
}

/** What stands behind an answer. */
function behind({ width, height, crops, reviewLimits, fusedLogit }: Judgement) {
  const networks = crops.map(({ model, crop, boxScale, outputs, logit, rect }) => ({
    ...{ model, crop, boxScale, logit, rect },
    outputs: [...outputs],
    liveProbability: 1 / (1 + Math.exp(-logit)),
  }));
  return { width, height, reviewLimits, fusedLogit, networks };
}

function withWhole(envelope: Envelope, body: unknown): Envelope {
  const whole = jsonEnvelope(body, {});
  return { ...envelope, ...(whole.body === undefined ? {} : { body: whole.body }) };
}

function consoleApp({ threshold, profile, capture }: Query, ownThreshold: number): App {
  return {
    appid: CONSOLE_APP,
    name: CONSOLE_APP,
    state: 'active',
    buckets: [],
    limits: { requestsPerSecond: null, burst: null, concurrent: null, daily: null },
    policy: {
      threshold: threshold ?? ownThreshold,
      profile: (profile ?? null) as App['policy']['profile'],
      capture: (capture ?? null) as App['policy']['capture'],
      review: null,
    },
    createdAt: new Date(0),
  };
}
