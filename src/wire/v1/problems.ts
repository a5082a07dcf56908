import {
  asFault,
  FAULT_KINDS,
  Fault,
  type FaultKind,
  type FaultReason,
  type FaultTraits,
} from '../../faults.ts';
import type { Envelope } from '../http/envelope.ts';
import { CONTENT_LANGUAGE, type Language } from './language.ts';
import { PROBLEM_KINDS, type ProblemCode, type ProblemKind, problemType } from './problem-catalogue.ts';
import type { ProblemBody } from './schemas.ts';

/** The media type of problems (RFC 9457 §6.1). */
export const PROBLEM_CONTENT_TYPE = 'application/problem+json; charset=utf-8';

/** How a kind of fault is told. */
interface Telling {
  readonly code: ProblemCode;
  /**
   * What is said of the fault's reason: `told` to the caller and the log; `inside`, to the log alone;
   * `plain`, nothing, since the code says it all.
   */
  readonly reason: 'told' | 'inside' | 'plain';
  /** The detail, where the fault's own message is not for the caller. */
  readonly detail?: (fault: Fault) => string;
  /** Seconds after which another try makes sense, whatever the fault says; null: nothing is said of it. */
  readonly retryAfter?: number | null;
  /** Whether the fault is the problem's cause in the log, since the problem says less than it. */
  readonly isCause?: true;
  readonly headers?: (fault: Fault) => Readonly<Record<string, string>>;
}

const plain = (code: ProblemCode): Telling => ({ code, reason: 'plain' });
const told = (code: ProblemCode): Telling => ({ code, reason: 'told' });

/** A refused API key; what a 401 must say (RFC 6750 §3). */
const refusedKey = (code: ProblemCode): Telling => ({
  ...plain(code),
  headers: () => {
    if (PROBLEM_KINDS[code].status !== 401) return {};
    const error = code === 'api_key_missing' ? '' : ', error="invalid_token"';
    return { 'www-authenticate': `Bearer realm="livestill"${error}` };
  },
});

/** What nobody foresaw, and what only the old call knows: its text is for the log alone. */
const UNFORESEEN: Telling = {
  ...plain('internal_error'),
  detail: () => 'Something failed that should not; the log of the server says what.',
  isCause: true,
};

/**
 * What exactly is wrong with the store is for the operator's log; the caller learns that trying again makes
 * sense.
 */
const STORE: Telling = {
  code: 'store_unavailable',
  reason: 'inside',
  detail: () => 'The store does not answer.',
  retryAfter: 1,
  isCause: true,
};

/** Addresses and names behind a url are none of the caller's business beyond the constant. */
const NOT_FETCHED: Telling = {
  ...told('download_failed'),
  detail: ({ reason }) => `The picture could not be fetched (${reason}).`,
  retryAfter: null,
  isCause: true,
};

/** What is refused before a handler sees the request has no text of its own. */
const byTransport = (code: ProblemCode, detail?: string): Telling => ({
  ...plain(code),
  detail: ({ message }) => (message !== '' ? message : (detail ?? `${PROBLEM_KINDS[code].title.en}.`)),
});
const unreadable = byTransport(
  'malformed_request',
  'The request could not be parsed, or does not have exactly one Host header.',
);
const closing = byTransport(
  'overloaded',
  'The server is shutting down, or this connection has too many unanswered requests.',
);

/** What the `Accept` header of a 415 says. */
const taken =
  'image/jpeg, image/png, image/webp, image/bmp, image/heic, image/heif, image/avif, application/octet-stream, multipart/form-data, application/json';

/** How every kind of fault is told by the v1 API. */
const TELLINGS: Readonly<Record<FaultKind, Telling>> = {
  picture_unreadable: told('picture_unreadable'),
  picture_too_large: told('picture_unreadable'),
  no_face: UNFORESEEN,
  picture_missing: plain('picture_missing'),
  file_unreadable: NOT_FETCHED,
  download_refused: NOT_FETCHED,
  signature_missing: UNFORESEEN,
  signature_malformed: UNFORESEEN,
  signature_misdirected: UNFORESEEN,
  signature_expired: UNFORESEEN,
  signature_invalid: UNFORESEEN,
  signature_replayed: UNFORESEEN,
  app_unknown: UNFORESEEN,
  app_suspended: refusedKey('app_suspended'),
  app_closed: refusedKey('app_closed'),
  key_unknown: UNFORESEEN,
  key_unusable: UNFORESEEN,
  bucket_unknown: UNFORESEEN,
  api_key_missing: refusedKey('api_key_missing'),
  api_key_invalid: refusedKey('api_key_invalid'),
  api_key_disabled: refusedKey('api_key_disabled'),
  api_key_expired: refusedKey('api_key_expired'),
  address_not_allowed: refusedKey('address_not_allowed'),
  scope_missing: refusedKey('scope_missing'),
  session_unknown: plain('session_unknown'),
  session_token_invalid: refusedKey('session_token_invalid'),
  session_conflict: told('session_conflict'),
  upload_refused: told('upload_refused'),
  rate_limited: told('rate_limited'),
  request_malformed: told('invalid_request'),
  appid_missing: told('invalid_request'),
  image_invalid: told('invalid_request'),
  url_invalid: told('invalid_request'),
  media_type_unsupported: {
    ...told('unsupported_media_type'),
    // RFC 9110 §15.5.16: what is taken, where a coding was the reason.
    headers: ({ reason }) =>
      reason === 'content_encoding' ? { 'accept-encoding': 'identity' } : { accept: taken },
  },
  body_too_large: byTransport('body_too_large'),
  idempotency_key_invalid: plain('idempotency_key_invalid'),
  idempotency_key_reused: plain('idempotency_key_reused'),
  idempotency_in_progress: plain('idempotency_in_progress'),
  batch_over: plain('batch_over'),
  batches_unavailable: plain('batches_unavailable'),
  http_malformed: unreadable,
  host_header_invalid: unreadable,
  host_not_served: unreadable,
  path_unknown: byTransport('not_found', 'No such path here.'),
  method_not_allowed: byTransport('method_not_allowed'),
  request_timeout: byTransport('request_timeout'),
  expectation_unsupported: byTransport('expectation_failed'),
  headers_too_large: byTransport('headers_too_large'),
  busy: {
    code: 'overloaded',
    reason: 'inside',
    detail: () => 'All workers are busy and the queue is full.',
  },
  pipeline_full: closing,
  shutting_down: closing,
  engine_failed: UNFORESEEN,
  worker_lost: UNFORESEEN,
  profile_unavailable: UNFORESEEN,
  accounts_unavailable: STORE,
  state_unavailable: STORE,
  storage_unavailable: STORE,
  internal: UNFORESEEN,
};

/**
 * A fault as the v1 API tells it. A `Fault` itself, so that logs and the ledger speak of it as of every
 * other.
 */
export class Problem extends Fault {
  readonly code: ProblemCode;
  /** The reason, where the caller is told. */
  readonly why: string | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(fault: Fault, headers: Readonly<Record<string, string>> = {}) {
    const telling = TELLINGS[fault.kind];
    const { code, detail } = telling;
    const cause = telling.isCause === true && fault.kind !== 'internal' ? fault : fault.cause;
    const retryAfter = retryAfterOf(telling, fault);
    super(
      PROBLEM_KINDS[code].kind,
      (telling.reason === 'plain' ? code : fault.reason) as FaultReason,
      detail === undefined ? fault.message : detail(fault),
      { ...(cause === undefined ? {} : { cause }), ...(retryAfter === undefined ? {} : { retryAfter }) },
    );
    this.code = code;
    this.why = telling.reason === 'told' ? fault.reason : undefined;
    this.headers = { ...telling.headers?.(fault), ...headers };
  }
}
Object.defineProperty(Problem.prototype, 'name', { value: 'Problem' });

function retryAfterOf({ retryAfter }: Telling, fault: Fault): number | undefined {
  if (retryAfter !== undefined) return retryAfter ?? undefined;
  const traits: FaultTraits = FAULT_KINDS[fault.kind];
  return fault.retryAfter ?? traits.retryAfter;
}

/**
 * Any error as a problem of the v1 API; what nobody foresaw becomes `internal_error`, its text kept for the
 * log alone.
 * @param headers of the reply, beyond those that the kind has
 */
export function asProblem(error: unknown, headers?: Readonly<Record<string, string>>): Problem {
  if (error instanceof Problem) return error;
  return new Problem(asFault(error), headers);
}

/** The problem as a reply. */
export function problemEnvelope(problem: Problem, language: Language, requestId: string): Envelope {
  const { code } = problem;
  const { status, title, action, retryable }: ProblemKind = PROBLEM_KINDS[code];
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
    kind: problem.kind,
    message: code,
    data: {},
    headers: { ...textHeaders(language), ...retryAfter, ...problem.headers },
    body: { contentType: PROBLEM_CONTENT_TYPE, bytes: Buffer.from(JSON.stringify(body), 'utf8') },
  };
}

/** What every reply with texts says of them. */
export function textHeaders(language: Language): Readonly<Record<string, string>> {
  return {
    'content-language': CONTENT_LANGUAGE[language],
    vary: 'accept-language, origin',
    'x-content-type-options': 'nosniff',
    'access-control-expose-headers': 'x-request-id, retry-after, idempotency-replayed',
  };
}

function seconds(value: number): string {
  return String(Math.max(1, Math.ceil(value)));
}
