import { ApiKeyRefused } from '../../account/api-key/check.ts';
import { Fault } from '../../errors.ts';
import type { Envelope } from '../envelope.ts';
import { contentLanguage, type Language } from './language.ts';
import { type ProblemCode, type ProblemKind, problemKinds, problemType } from './problem-catalogue.ts';
import type { ProblemBody } from './schemas.ts';

/** The media type of problems (RFC 9457 §6.1). */
export const problemContentType = 'application/problem+json; charset=utf-8';

/** What a problem can carry beyond its code. */
export interface ProblemOptions {
  /** Short constant that says why within the code: `truncated`, `private_address`, `rate`. */
  readonly reason?: string;
  /** The same for log and metrics alone, where the caller is not told. */
  readonly inside?: string;
  /** Seconds for `Retry-After`. */
  readonly retryAfter?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/** A refusal of the v1 API. A `Fault` too, so that logs and the ledger speak of it as of every other. */
export class Problem extends Fault {
  readonly problem: ProblemCode;
  readonly why: string | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(problem: ProblemCode, detail: string, options: ProblemOptions = {}) {
    const { reason, inside, retryAfter, headers = {}, cause } = options;
    super(problemKinds[problem].wire, reason ?? inside ?? problem, detail, {
      ...(cause === undefined ? {} : { cause }),
      ...(retryAfter === undefined ? {} : { retryAfter }),
    });
    this.name = 'Problem';
    this.problem = problem;
    this.why = reason;
    this.headers = headers;
  }
}

/** Any error as a problem of the v1 API; what nobody foresaw becomes `internal_error`, its text kept for the log alone. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof ApiKeyRefused) {
    const { reason, message } = error;
    return new Problem(reason, message, { headers: challenge(reason) });
  }
  if (!(error instanceof Fault)) return internal(error);
  const { reason, message, code } = error;
  const retry = error.retryAfter === undefined ? {} : { retryAfter: error.retryAfter };
  switch (code) {
    case 23:
      return new Problem('body_too_large', message);
    case 15:
      return new Problem('rate_limited', message, { reason, retryAfter: error.retryAfter ?? 1 });
    case -5802:
      return new Problem('overloaded', 'All workers are busy and the queue is full.', {
        inside: reason,
        retryAfter: error.retryAfter ?? 1,
      });
    case 107:
    case 108:
      // What exactly is wrong with the store is for the operator's log; the caller learns that trying again makes sense.
      return new Problem('store_unavailable', 'The store does not answer.', {
        inside: reason,
        retryAfter: 1,
        cause: error,
      });
    case -4016:
      return new Problem('picture_unreadable', message, { reason, cause: error.cause });
    case -5805:
      if (reason === 'no_image') return new Problem('picture_missing', message);
      // Addresses and names behind a url are none of the caller's business beyond the constant.
      return new Problem('download_failed', `The picture could not be fetched (${reason}).`, {
        reason,
        cause: error,
      });
    case 21:
    case 3:
      return new Problem('invalid_request', message, { reason, ...retry });
    default:
      return internal(error);
  }
}

function internal(error: unknown): Problem {
  return new Problem('internal_error', 'Something failed that should not; the log of the server says what.', {
    cause: error,
  });
}

/** What a 401 must say (RFC 6750 §3). */
function challenge(reason: ApiKeyRefused['reason']): Readonly<Record<string, string>> {
  if (problemKinds[reason].status !== 401) return {};
  const error = reason === 'api_key_missing' ? '' : ', error="invalid_token"';
  return { 'www-authenticate': `Bearer realm="livestill"${error}` };
}

/** The problem as a reply. */
export function problemEnvelope(problem: Problem, language: Language, requestId: string): Envelope {
  const code = problem.problem;
  const { status, title, action, retryable, wire }: ProblemKind = problemKinds[code];
  const body: ProblemBody = {
    type: problemType(code),
    title: title[language],
    status,
    detail: problem.message,
    code,
    ...(problem.why === undefined ? {} : { reason: problem.why }),
    action: action[language],
    retryable,
    requestId,
  };
  const retryAfter = problem.retryAfter === undefined ? {} : { 'retry-after': seconds(problem.retryAfter) };
  return {
    http: status,
    code: wire,
    message: code,
    data: {},
    headers: { ...textHeaders(language), ...retryAfter, ...problem.headers },
    body: { contentType: problemContentType, bytes: Buffer.from(JSON.stringify(body), 'utf8') },
  };
}

/** What every reply with texts says of them. */
export function textHeaders(language: Language): Readonly<Record<string, string>> {
  return {
    'content-language': contentLanguage[language],
    vary: 'accept-language, origin',
    'x-content-type-options': 'nosniff',
    'access-control-expose-headers': 'x-request-id, retry-after, idempotency-replayed',
  };
}

function seconds(value: number): string {
  return String(Math.max(1, Math.ceil(value)));
}

/** The problem that an HTTP status of the transport stands for: faults below the handlers know no more than that. */
const byStatus: Readonly<Record<number, ProblemCode>> = {
  400: 'malformed_request',
  404: 'not_found',
  405: 'method_not_allowed',
  408: 'request_timeout',
  413: 'body_too_large',
  417: 'expectation_failed',
  431: 'headers_too_large',
  503: 'overloaded',
};

const transportDetail: Partial<Record<ProblemCode, string>> = {
  malformed_request: 'The request could not be parsed, or does not have exactly one Host header.',
  not_found: 'No such path here.',
  overloaded: 'The server is shutting down, or this connection has too many unanswered requests.',
};

/** A transport fault, written for the old API, in the form of the v1 API. */
export function problemOfTransport(envelope: Envelope, language: Language, requestId: string): Envelope {
  const code = byStatus[envelope.http] ?? 'internal_error';
  const detail = transportDetail[code] ?? `${problemKinds[code].title.en}.`;
  return problemEnvelope(new Problem(code, detail, { headers: envelope.headers }), language, requestId);
}
