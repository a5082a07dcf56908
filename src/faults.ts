import type { MalformedSignature, SigningMistake } from './faults/signature-reasons.ts';

export type { SigningMistake } from './faults/signature-reasons.ts';

/**
 * Where a failure lies: in the picture, in fetching it, in who asked, in how it was asked, in HTTP, in room,
 * in the engine, in the store.
 */
export type FaultArea =
  | 'picture'
  | 'source'
  | 'account'
  | 'request'
  | 'http'
  | 'capacity'
  | 'engine'
  | 'store'
  | 'internal';

/**
 * Reasons of a database and of the keys beside it: open within their prefix, since each database has its own.
 */
type StoreReason =
  | `store_${string}`
  | `master_key_${string}`
  | `audit_key_${string}`
  | 'secret_unreadable'
  | 'backup_short'
  | 'migration_backup_failed';

/** Why a body or its type cannot be read. */
type BodyReason =
  | 'no_content_type'
  | 'content_type'
  | 'no_boundary'
  | 'bad_boundary'
  | 'content_encoding'
  | 'bad_json'
  | 'json_too_many'
  | 'bad_multipart';

/** Why a url is not fetched, or what went wrong; kinds of addresses end in `_address`. */
type DownloadReason =
  | `${string}_address`
  | `http_${number}`
  | 'http_other'
  | 'bad_host'
  | 'bad_redirect'
  | 'bad_scheme'
  | 'bad_url'
  | 'broken_answer'
  | 'busy'
  | 'connect_failed'
  | 'connect_timeout'
  | 'content_encoding'
  | 'credentials'
  | 'dns_failed'
  | 'dns_timeout'
  | 'downloads_off'
  | 'empty'
  | 'first_byte_timeout'
  | 'host_failing'
  | 'metadata_host'
  | 'port'
  | 'slow_body'
  | 'timeout'
  | 'tls_failed'
  | 'too_large'
  | 'too_many_redirects'
  | 'url_failing';

/** Every kind of failure with the reasons it is thrown for. */
interface Reasons {
  /** The bytes are no picture that can be judged. */
  picture_unreadable:
    | 'animated'
    | 'corrupt'
    | 'empty'
    | 'not_an_image'
    | 'too_many_scans'
    | 'too_slow'
    | 'truncated'
    | 'unsupported';
  /** The picture has more bytes or pixels than are judged. */
  picture_too_large: 'too_large' | 'too_many_pixels';
  /** No face was found. */
  no_face: 'no_face';

  /** The request holds no picture. */
  picture_missing: 'no_image';
  /** A file on this machine, or in an archive, cannot be read. */
  file_unreadable: 'unreadable' | 'encrypted' | 'bad_name';
  /** A picture was not fetched from its url, or could not be. */
  download_refused: DownloadReason;

  signature_missing: 'sign_missing' | 'sign_empty';
  signature_malformed: MalformedSignature;
  /** The signature is for another app or bucket than the request. */
  signature_misdirected: 'appid_differs' | 'bucket_of_another_app';
  signature_expired:
    | 'expired'
    | 'expires_before_issued'
    | 'expires_in_milliseconds'
    | 'expires_is_a_duration'
    | 'over_maximum'
    | 'single_use_window_over';
  /** The signature does not verify, or is from the future. */
  signature_invalid: SigningMistake | 'clock_ahead' | 'issued_in_milliseconds';
  /** A single-use signature was used before. */
  signature_replayed: 'replay';
  app_unknown: 'appid_unknown' | 'appid_in_brackets';
  app_suspended: 'account_suspended' | 'app_suspended';
  app_closed: 'account_closed' | 'app_closed';
  key_unknown: 'secretid_unknown' | 'secretid_in_brackets';
  /** The key exists, and may not be used: disabled, ended, or another app's. */
  key_unusable: 'secretid_disabled' | 'secretid_ended' | 'secretid_of_another_app';
  bucket_unknown: 'bucket_unknown';
  api_key_missing: 'api_key_missing';
  api_key_invalid: 'api_key_invalid';
  api_key_disabled: 'api_key_disabled';
  api_key_expired: 'api_key_expired';
  address_not_allowed: 'address_not_allowed';
  scope_missing: 'scope_missing';
  session_unknown: 'session_unknown';
  session_token_invalid: 'session_token_invalid';
  /** The session's state does not allow the call. */
  session_conflict: 'not_started' | 'started' | 'judging' | 'nonce' | 'over';
  /** An upload is not the session's own: its MAC is wrong, or its page is of another origin. */
  upload_refused: 'mac' | 'origin';
  /** A limit of the app or of the address is reached. */
  rate_limited: 'rate' | 'concurrent' | 'daily' | 'open_sessions' | 'failed_tries';

  /** The body, or a header about it, does not have the form that is asked for. */
  request_malformed:
    | BodyReason
    | 'both'
    | 'group_size'
    | 'reference'
    | 'schema'
    | 'webhook'
    | 'policy'
    | 'upload';
  appid_missing: 'appid_missing';
  /** The member `image` is no picture in base64. */
  image_invalid: 'image:type' | 'image:data_uri' | 'image:base64' | 'image:blank';
  /** The member `url` is no address. */
  url_invalid: 'url:type' | 'url:too_long' | 'url:not_http';
  media_type_unsupported: BodyReason;
  body_too_large: 'too_large' | 'body_too_large';
  idempotency_key_invalid: 'idempotency_key_invalid';
  idempotency_key_reused: 'idempotency_key_reused';
  idempotency_in_progress: 'idempotency_in_progress';
  /** The batch is done or cancelled. */
  batch_over: 'batch_over';
  /** The store of this installation keeps no batches. */
  batches_unavailable: 'batches_unavailable';

  http_malformed: 'bad_request' | 'malformed_request';
  host_header_invalid: 'no_host';
  /** The host header has a name that does not lead to this port, as after DNS rebinding. */
  host_not_served: 'wrong_host';
  path_unknown: 'not_found';
  method_not_allowed: 'method' | 'method_not_allowed';
  request_timeout: 'timeout' | 'request_timeout';
  expectation_unsupported: 'expectation' | 'expectation_failed';
  headers_too_large: 'headers_too_large';

  /** No room for the request now: the queue for the workers, or the memory for bodies, is full. */
  busy: 'queue_full' | 'queue_share' | 'queue_overdue' | 'body_memory' | 'body_share' | 'overloaded';
  /** Too many unanswered requests on a connection. */
  pipeline_full: 'pipelined';
  shutting_down: 'draining';

  /** The engine failed on the picture. */
  engine_failed: 'engine_failed';
  /** The worker processes that were given the picture ended. */
  worker_lost: 'worker_crashed' | 'worker_stuck' | 'worker_memory' | 'worker_missing';
  /** A profile was asked for whose networks are not in place. */
  profile_unavailable: 'profile_unavailable';

  /** The accounts cannot be read or changed. */
  accounts_unavailable: StoreReason;
  /** The ledger, the limits or the memory of signatures cannot be read or written. */
  state_unavailable: StoreReason;

  /** The S3-compatible storage that pictures lie in, or results go to, cannot be used. */
  storage_unavailable: 's3_off' | 's3_unreachable' | 's3_refused' | 's3_no_bucket';

  /** Nobody foresaw it. */
  internal: 'internal' | 'internal_error' | 'unknown';
}

/** What failed. */
export type FaultKind = keyof Reasons;

/** Why, within a kind: a short constant for logs and metrics. */
export type FaultReason<K extends FaultKind = FaultKind> = Reasons[K];

/** What holds for every fault of a kind. */
export interface FaultTraits {
  readonly area: FaultArea;
  /** Whether the same call may succeed later. */
  readonly retryable: boolean;
  /** After how many seconds, where the fault itself does not say. */
  readonly retryAfter?: number;
}

const final = (area: FaultArea): FaultTraits => ({ area, retryable: false });
const passing = (area: FaultArea, retryAfter?: number): FaultTraits => ({
  area,
  retryable: true,
  ...(retryAfter === undefined ? {} : { retryAfter }),
});

/** Every kind, with what holds for it. */
export const FAULT_KINDS = {
  picture_unreadable: final('picture'),
  picture_too_large: final('picture'),
  no_face: final('picture'),
  picture_missing: final('source'),
  file_unreadable: final('source'),
  download_refused: final('source'),
  signature_missing: final('account'),
  signature_malformed: final('account'),
  signature_misdirected: final('account'),
  signature_expired: final('account'),
  signature_invalid: final('account'),
  signature_replayed: final('account'),
  app_unknown: final('account'),
  app_suspended: final('account'),
  app_closed: final('account'),
  key_unknown: final('account'),
  key_unusable: final('account'),
  bucket_unknown: final('account'),
  api_key_missing: final('account'),
  api_key_invalid: final('account'),
  api_key_disabled: final('account'),
  api_key_expired: final('account'),
  address_not_allowed: final('account'),
  scope_missing: final('account'),
  session_unknown: final('account'),
  session_token_invalid: final('account'),
  session_conflict: final('request'),
  upload_refused: final('account'),
  rate_limited: passing('account', 1),
  request_malformed: final('request'),
  appid_missing: final('request'),
  image_invalid: final('request'),
  url_invalid: final('request'),
  media_type_unsupported: final('request'),
  body_too_large: final('request'),
  idempotency_key_invalid: final('request'),
  idempotency_key_reused: final('request'),
  idempotency_in_progress: passing('request', 1),
  batch_over: final('request'),
  batches_unavailable: final('request'),
  http_malformed: final('http'),
  host_header_invalid: final('http'),
  host_not_served: final('http'),
  path_unknown: final('http'),
  method_not_allowed: final('http'),
  request_timeout: passing('http'),
  expectation_unsupported: final('http'),
  headers_too_large: final('http'),
  busy: passing('capacity', 1),
  pipeline_full: passing('capacity', 1),
  shutting_down: passing('capacity', 1),
  engine_failed: passing('engine'),
  worker_lost: passing('engine'),
  profile_unavailable: final('engine'),
  accounts_unavailable: passing('store'),
  state_unavailable: passing('store'),
  storage_unavailable: passing('store'),
  internal: passing('internal'),
} as const satisfies Record<FaultKind, FaultTraits>;

/** Failures of the service itself: somebody will want to know where they were made. */
const AREAS_WITH_STACK: ReadonlySet<FaultArea> = new Set<FaultArea>(['engine', 'store', 'internal']);

/** What a fault can carry beyond kind, reason and message. */
export interface FaultOptions {
  readonly cause?: unknown;
  /** Seconds after which another try makes sense. */
  readonly retryAfter?: number;
}

/**
 * Makes an `Error` without looking where: `Error` itself does that each time, and it is most of what a
 * refusal costs.
 */
const WithoutStack = function (this: Error, message: string): void {
  Object.defineProperty(this, 'message', {
    value: message,
    writable: true,
    enumerable: false,
    configurable: true,
  });
} as unknown as new (
  message: string,
) => Error;
WithoutStack.prototype = Object.create(Error.prototype, {
  constructor: { value: WithoutStack, writable: true, configurable: true },
});

/**
 * A refusal or failure, by its kind. `reason` is a short constant for logs, metrics and callers (`truncated`,
 * `private_address`, …), `message` the precise English text, fit for the operator's log. Those that are an
 * answer to a caller and no mistake carry no stack: nobody reads where they were made, and under overload
 * finding that out would cost more than the refusal.
 *
 * @example if (error instanceof Fault && error.kind === 'picture_unreadable') askForAnother(error.reason);
 */
export class Fault<K extends FaultKind = FaultKind> extends WithoutStack {
  readonly kind: K;
  readonly reason: FaultReason<K>;
  /** Seconds after which another try makes sense; undefined where nobody knows. */
  readonly retryAfter: number | undefined;
  declare readonly cause?: unknown;

  constructor(kind: K, reason: FaultReason<K>, message: string, options: FaultOptions = {}) {
    super(message);
    this.kind = kind;
    this.reason = reason;
    this.retryAfter = options.retryAfter;
    if (options.cause !== undefined) hidden(this, 'cause', options.cause);
    if (AREAS_WITH_STACK.has(this.area)) Error.captureStackTrace(this, new.target);
  }

  /** Where the failure lies. */
  get area(): FaultArea {
    return FAULT_KINDS[this.kind].area;
  }

  /** Whether the same call may succeed later. */
  get retryable(): boolean {
    return FAULT_KINDS[this.kind].retryable;
  }
}
hidden(Fault.prototype, 'name', 'Fault');

function hidden(target: object, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, writable: true, enumerable: false, configurable: true });
}

function textOf(error: unknown): string {
  if (error instanceof Error) return error.message;
  // An object without a prototype cannot be made a text.
  return typeof error === 'object' && error !== null
    ? 'something was thrown that is no error'
    : String(error);
}

/**
 * The fault itself, or what an error that nobody foresaw becomes: `internal`, the error kept as its cause for
 * the log.
 */
export function asFault(error: unknown): Fault {
  if (error instanceof Fault) return error;
  return new Fault('internal', 'internal', textOf(error), { cause: error });
}

/** A fault as plain data, for another process or thread, where a class does not arrive. */
export interface PlainFault {
  readonly kind: FaultKind;
  readonly reason: string;
  readonly message: string;
}

/** The fault that `plain` was made of, in the process or thread it came to. */
export function revivedFault(plain: PlainFault, options: FaultOptions = {}): Fault {
  return new Fault(plain.kind, plain.reason as FaultReason, plain.message, options);
}

/**
 * Something a person asked for that cannot be done as asked: a wrong option, an app that does not exist, a
 * setting with a value out of range. `message` says what was expected, what was found and what to do; the
 * command line prints it as it is and ends with status 2.
 */
export class UsageError extends Error {
  readonly reason: string;

  constructor(reason: string, message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'UsageError';
    this.reason = reason;
  }
}
