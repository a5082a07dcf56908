import { Refusal, type RefusalCode } from '../../console/refusal.ts';
import { asFault, UsageError } from '../../faults.ts';
import { type OTHER_PROBLEMS, USAGE_PROBLEMS, type UsageKind } from './problem-codes.ts';

/** A failure of the admin API, as RFC 9457 has it; the members are those of the v1 API's problems. */
export interface AdminProblem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly reason?: string;
  readonly action: string;
  readonly retryable: boolean;
  readonly requestId: string;
}

/** The media type of problems (RFC 9457 §6.1). */
export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';

interface Kind {
  readonly status: number;
  readonly title: string;
  readonly action: string;
  readonly retryable?: true;
}

/** The refusals, by code. */
export const REFUSALS: Readonly<Record<RefusalCode, Kind>> = {
  sign_in_needed: {
    status: 401,
    title: 'Nobody is signed in',
    action: 'Sign in, or send "Authorization: Bearer lsa_…".',
  },
  sign_in_failed: { status: 401, title: 'The sign-in failed', action: 'Check name and password.' },
  code_needed: {
    status: 401,
    title: 'A code is needed too',
    action: 'Send "code" from the authenticator app as well.',
  },
  code_wrong: { status: 401, title: 'The code does not count', action: 'Wait for the next code.' },
  locked: {
    status: 429,
    title: 'Too many failed tries',
    action: 'Wait as long as "retry-after" says.',
    retryable: true,
  },
  too_many_calls: {
    status: 429,
    title: 'Too many calls of this kind',
    action: 'Wait as long as "retry-after" says.',
    retryable: true,
  },
  busy: { status: 503, title: 'Too many sign-ins at once', action: 'Try again.', retryable: true },
  csrf_token_wrong: {
    status: 403,
    title: 'The request does not come from the console',
    action: 'Send the csrfToken of GET /admin/v1/me as "x-csrf-token".',
  },
  not_permitted: { status: 403, title: 'The role does not allow this', action: 'Ask an administrator.' },
  proof_needed: {
    status: 403,
    title: 'Who sits there has to be shown again',
    action:
      'Send password and code to POST /admin/v1/me/proof, or use a passkey, or sign in at the provider again.',
  },
  link_unusable: {
    status: 403,
    title: 'The link cannot be used',
    action: 'Ask an administrator for a new one, or run "livestill user".',
  },
  password_wrong: { status: 403, title: 'The password is wrong', action: 'Check the password.' },
  passkey_refused: {
    status: 401,
    title: 'The passkey does not count',
    action: 'Use another passkey, or the password.',
  },
  oidc_failed: {
    status: 401,
    title: 'The sign-in at the provider does not count',
    action: 'Start the sign-in again.',
  },
  oidc_refused: {
    status: 403,
    title: 'This account may not use the console',
    action: 'Ask an administrator, of the console or of the provider.',
  },
  oidc_unavailable: {
    status: 503,
    title: 'The sign-in provider does not answer',
    action: 'Try again, or sign in with a password.',
    retryable: true,
  },
};

const INVALID: Kind = {
  status: 400,
  title: 'The request does not have the expected form',
  action: 'Correct what "detail" names.',
};
const UNKNOWN: Kind = { status: 404, title: 'There is no such thing', action: 'Check the id.' };
const CONFLICT: Kind = {
  status: 409,
  title: 'It cannot be done as things are',
  action: 'Read what "detail" says.',
};
const NOT_FOUND: Kind = {
  status: 404,
  title: 'There is no such path',
  action: 'See /admin/v1/openapi.json.',
};
const STORE: Kind = {
  status: 503,
  title: 'The store does not answer',
  action: 'Try again.',
  retryable: true,
};
const UNFORESEEN: Kind = {
  status: 500,
  title: 'Something failed that should not',
  action: 'See the log of the service.',
};

/** A problem, and the headers it is answered with. */
export interface ToldProblem {
  readonly problem: AdminProblem;
  readonly headers: Readonly<Record<string, string>>;
  /** True: nobody foresaw it, and the log must have it. */
  readonly isUnforeseen: boolean;
}

/** Any error as a problem. */
export function problemOf(error: unknown, requestId: string): ToldProblem {
  if (error instanceof Refusal) {
    const wait = error.retryAfter === undefined ? {} : { 'retry-after': String(error.retryAfter) };
    const key = error.code === 'sign_in_needed' ? { 'www-authenticate': 'Bearer realm="livestill"' } : {};
    return told(REFUSALS[error.code], error.code, error.message, requestId, { ...wait, ...key });
  }
  if (error instanceof UsageError) {
    const { reason, message } = error;
    const code = Object.hasOwn(USAGE_PROBLEMS, reason)
      ? (reason as keyof typeof USAGE_PROBLEMS)
      : 'invalid_request';
    return told(USAGE_KINDS[USAGE_PROBLEMS[code]], code, withoutCommands(message), requestId);
  }
  const status = (error as { statusCode?: unknown } | null)?.statusCode;
  if (error instanceof Error && typeof status === 'number' && status >= 400 && status < 500)
    return told({ ...INVALID, status }, frameworkCode(status), error.message, requestId);
  const fault = asFault(error);
  if (fault.area === 'store')
    return told(STORE, 'store_unavailable', 'The store does not answer.', requestId, { 'retry-after': '1' });
  const { title } = UNFORESEEN;
  return { ...told(UNFORESEEN, 'internal_error', `${title}.`, requestId), isUnforeseen: true };
}

/** The answer on a path that does not exist. */
export function notFoundProblem(requestId: string): ToldProblem {
  return told(NOT_FOUND, 'not_found', 'There is no such path, or not with this method.', requestId);
}

const USAGE_KINDS: Readonly<Record<UsageKind, Kind>> = {
  unknown: UNKNOWN,
  conflict: CONFLICT,
  invalid: INVALID,
};

/** Errors of the framework: a body that is too large, no JSON, or of another type. */
function frameworkCode(status: number): (typeof OTHER_PROBLEMS)[number] | 'invalid_request' {
  if (status === 413) return 'body_too_large';
  return status === 415 ? 'unsupported_media_type' : 'invalid_request';
}

/** What a command would show is of no use to a browser. */
function withoutCommands(message: string): string {
  const [first = message] = message.split(': "livestill ', 1);
  return first;
}

function told(
  kind: Kind,
  code: string,
  detail: string,
  requestId: string,
  headers: Readonly<Record<string, string>> = {},
): ToldProblem {
  const { status, title, action, retryable = false } = kind;
  const type = `urn:livestill:problem:${code}`;
  const problem = { type, title, status, detail, code, action, retryable, requestId };
  return { problem, headers, isUnforeseen: false };
}
