import { Fault, revivedFault } from '../../faults.ts';
import type { Profile } from '../../liveness/types.ts';
import { createStages } from '../../traces/stages.ts';
import type { Traces } from '../../traces/types.ts';
import { conclude, concludeRequest } from '../decision/conclude.ts';
import { type Facts, logDecision } from '../decision/log.ts';
import { type CorsSettings, isAllowedPreflight } from '../http/cors.ts';
import type { Envelope } from '../http/envelope.ts';
import type { Exchange } from '../http/exchange.ts';
import type { Face } from '../http/face.ts';
import type { FailedTries } from '../http/failed-tries.ts';
import { pathOf } from '../http/path.ts';
import { RequestAborted } from '../intake/read-body.ts';
import { answerBatches, type BatchDeps, batchCallOf, methodsOf } from './batches.ts';
import { chooseLanguage, type Language } from './language.ts';
import { answerLiveness, type Notes } from './liveness.ts';
import { openApiDocument } from './openapi.ts';
import { type OperatingTable, operatingPoints } from './operating-points.ts';
import type { ProblemCode } from './problem-catalogue.ts';
import { asProblem, type Problem, problemEnvelope, textHeaders } from './problems.ts';
import { referencePage } from './reference-page.ts';
import { fixedBody, fixedEnvelope, JSON_TYPE, jsonEnvelope, textEnvelope } from './reply.ts';
import type { Route } from './route.ts';
import type { SessionParts } from './sessions/deps.ts';
import { sessionRoutes } from './sessions/routes.ts';

/** What the v1 API works with. */
export interface V1Deps extends Omit<BatchDeps, 'version'> {
  /** Counts callers without a valid key; none: they are not limited. */
  readonly failedTries?: FailedTries | undefined;
  readonly settings: V1Settings;
  /** Sessions of the camera component; without them their paths do not exist. */
  readonly sessions?: SessionParts | undefined;
}

export interface V1Settings {
  readonly cors: CorsSettings;
  /** The server's threshold and profile, for apps that have none of their own. */
  readonly threshold: number;
  readonly profile: Profile;
  /**
   * What was measured, for `GET /v1/operating-points`: the operator's own table first, where there is one.
   */
  readonly tables: () => Promise<readonly OperatingTable[]>;
  /** Version of livestill, for the documents. */
  readonly version: string;
}

/** Answers every request under `/v1`; null when its caller went away. Never throws. */
export type V1Handler = (exchange: Exchange) => Promise<Envelope | null>;

/** What only callers without a valid key are refused for, or anybody on a path that does not exist. */
const WITHOUT_KEY: ReadonlySet<ProblemCode> = new Set<ProblemCode>([
  'api_key_missing',
  'api_key_invalid',
  'session_token_invalid',
  'not_found',
  'method_not_allowed',
]);

/** The page holds no script and asks for nothing: the browser is told to allow nothing else. */
const PAGE_HEADERS = {
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'",
  'referrer-policy': 'no-referrer',
};

/** The v1 API: its paths, and every fault on them as a problem (RFC 9457). */
export function createV1(deps: V1Deps): V1Handler {
  const { settings } = deps;
  const log = deps.log.child({ api: 'v1' });
  const document = openApiDocument(settings.version);
  // Made once: a caller may ask for them as often as it likes.
  const documents = {
    openApi: fixedBody(JSON.stringify(document), JSON_TYPE),
    page: fixedBody(referencePage(document), 'text/html; charset=utf-8'),
  };
  const routes = new Map<string, Route>([
    [
      '/v1/liveness',
      {
        methods: ['POST'],
        logged: true,
        judges: true,
        answer: (exchange, language, notes) =>
          answerLiveness({ ...deps, log, version: settings.version }, exchange, language, notes),
      },
    ],
    [
      '/v1/operating-points',
      { methods: ['GET'], logged: true, answer: (...call) => answerOperatingPoints(deps, ...call) },
    ],
    [
      '/v1/openapi.json',
      {
        methods: ['GET'],
        logged: false,
        answer: (_exchange, language) => fixedEnvelope(documents.openApi, textHeaders(language)),
      },
    ],
    [
      '/v1/reference',
      {
        methods: ['GET'],
        logged: false,
        answer: (_exchange, language) =>
          fixedEnvelope(documents.page, { ...textHeaders(language), ...PAGE_HEADERS }),
      },
    ],
  ]);

  const batchRoute = (path: string): Route | undefined => {
    const call = batchCallOf(path);
    if (call === null) return undefined;
    const parts = { ...deps, log, version: settings.version };
    return {
      methods: methodsOf(call),
      logged: true,
      traced: true,
      answer: (exchange, language, notes) => answerBatches(parts, call, exchange, language, notes),
    };
  };
  const { sessions } = deps;
  const sessionRoute =
    sessions === undefined ? undefined : sessionRoutes({ ...deps, log, version: settings.version, sessions });

  return async (exchange) => {
    const { request } = exchange;
    const language = chooseLanguage(request.headers['accept-language']);
    const facts: Facts = { stages: createStages(exchange.startedAt) };
    const notes: Notes = { facts };
    const path = pathOf(request.url ?? '');
    const route = routes.get(path) ?? batchRoute(path) ?? sessionRoute?.(path);
    const finish = (made: Envelope | null, error: unknown) => {
      const { headers } = notes;
      const envelope =
        made === null || headers === undefined ? made : { ...made, headers: { ...made.headers, ...headers } };
      const ended = { api: 'v1', exchange, facts, envelope, error } as const;
      if (route?.judges === true) conclude({ ...deps, log }, ended);
      else if (route?.traced === true) concludeRequest({ ...deps, log }, ended);
      else if (route?.logged === true) logDecision(log, exchange, facts, envelope, error);
      return envelope;
    };
    try {
      if (route === undefined)
        throw new Fault('path_unknown', 'not_found', 'There is no such path under /v1.');
      const own = request.method === 'OPTIONS' ? await route.preflight?.(exchange) : null;
      if (own) return textEnvelope('', 'text/plain; charset=utf-8', own);
      if (route.preflight === undefined && isAllowedPreflight(settings.cors, request.method, request.headers))
        return preflight(route);
      const method = request.method === 'HEAD' ? 'GET' : request.method;
      if (!route.methods.some((one) => one === method)) throw wrongMethod(route);
      if (route.traced === true) beginCall(deps.traces, exchange, facts);
      const envelope = await route.answer(exchange, language, notes);
      return finish(envelope, notes.error);
    } catch (error) {
      if (error instanceof RequestAborted || exchange.gone) return finish(null, error);
      const own = asProblem(error);
      const over = WITHOUT_KEY.has(own.code) ? deps.failedTries?.fail(exchange.callerAddress) : null;
      const problem = over ? asProblem(over) : own;
      return finish(problemEnvelope(problem, language, exchange.requestId), problem);
    }
  };
}

/** The v1 API as one that can be mounted: everything under `/v1`, its faults as problems. */
export function createV1Face(deps: V1Deps): Face {
  return {
    owns: (path) => path === '/v1' || path.startsWith('/v1/'),
    handle: createV1(deps),
    form(request, fault, requestId) {
      const { kind, headers } = fault;
      if (kind === null) return fault;
      const language = chooseLanguage(request.headers['accept-language']);
      const problem = asProblem(revivedFault({ kind, reason: 'transport', message: '' }), headers);
      return problemEnvelope(problem, language, requestId);
    },
  };
}

async function answerOperatingPoints(
  deps: V1Deps,
  { request, callerAddress }: Exchange,
  language: Language,
  { facts }: Notes,
): Promise<Envelope> {
  const { app, keyId } = await deps.apiKeys.authenticate({
    authorization: request.headers.authorization,
    callerAddress,
    scope: 'read:operating-points',
  });
  facts.appid = app.appid;
  facts.secretId = keyId;
  const { threshold, profile } = app.policy;
  const { settings } = deps;
  const tables = await settings.tables();
  const body = operatingPoints(threshold ?? settings.threshold, profile ?? settings.profile, tables);
  return jsonEnvelope(body, textHeaders(language));
}

/** Begins the span of a request, so that what comes of it can be kept with its name. */
function beginCall(traces: Traces | undefined, { request, startedAt }: Exchange, facts: Facts): void {
  const { traceparent } = request.headers;
  const header = typeof traceparent === 'string' ? traceparent : undefined;
  const call = traces?.beginCall(header, startedAt);
  if (call) facts.call = call;
}

function wrongMethod({ methods }: Route): Problem {
  const allow = methods.map((method) => (method === 'GET' ? 'GET, HEAD' : method)).join(', ');
  const fault = new Fault('method_not_allowed', 'method_not_allowed', `This path takes ${allow}.`);
  return asProblem(fault, { allow });
}

/** What a browser may send (Fetch standard, CORS-preflight request); the origin itself is checked before. */
function preflight({ methods }: Route): Envelope {
  return textEnvelope('', 'text/plain; charset=utf-8', {
    'access-control-allow-methods': methods.join(', '),
    'access-control-allow-headers':
      'authorization, content-type, accept-language, idempotency-key, x-request-id, x-reference',
    'access-control-max-age': '600',
  });
}
