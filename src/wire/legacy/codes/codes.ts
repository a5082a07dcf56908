import { asFault, FAULT_KINDS, type Fault, type FaultKind, type FaultTraits } from '../../../faults.ts';
import { CATALOGUE } from './catalogue.ts';
import type { CatalogueEntry } from './entry.ts';

/** How a kind of fault is answered by the old contract. */
export interface LegacyCode {
  readonly code: number;
  readonly http: number;
  readonly message: string;
}

/** The catalogue's own answer of a code, or one that differs from it. */
function as(code: number, own: Partial<Omit<LegacyCode, 'code'>> = {}): LegacyCode {
  const { http, message } = CATALOGUE.get(code) as CatalogueEntry;
  return { code, http, message, ...own };
}

const OUT_OF_SERVICE = { http: 403, message: 'account abnormal,errorno is:2' };

/**
 * The number that stands for each kind in replies of the old call, and in the ledger, the log and the rows of
 * batches, whichever API was called. What only the v1 API answers has the nearest one.
 */
export const LEGACY_CODES: Readonly<Record<FaultKind, LegacyCode>> = {
  picture_unreadable: as(-4016),
  picture_too_large: as(-4016),
  no_face: as(-4015),
  picture_missing: as(-5805),
  file_unreadable: as(-5805),
  download_refused: as(-5805),
  signature_missing: as(4),
  signature_malformed: as(5),
  signature_misdirected: as(6),
  signature_expired: as(9),
  signature_invalid: as(14),
  signature_replayed: as(13),
  app_unknown: as(10),
  app_suspended: as(3, OUT_OF_SERVICE),
  app_closed: as(3, OUT_OF_SERVICE),
  key_unknown: as(11),
  key_unusable: as(12),
  bucket_unknown: as(16),
  api_key_missing: as(4),
  api_key_invalid: as(14),
  api_key_disabled: as(12),
  api_key_expired: as(9),
  address_not_allowed: as(12),
  scope_missing: as(12),
  session_unknown: as(3),
  session_token_invalid: as(14),
  session_conflict: as(3),
  upload_refused: as(14),
  rate_limited: as(15),
  request_malformed: as(3),
  appid_missing: as(3, { message: "don't find appid" }),
  image_invalid: as(21, { message: 'invalid parameter: image' }),
  url_invalid: as(21, { message: 'invalid parameter: url' }),
  media_type_unsupported: as(3),
  body_too_large: as(23),
  idempotency_key_invalid: as(3),
  idempotency_key_reused: as(3),
  idempotency_in_progress: as(15),
  batch_over: as(3),
  batches_unavailable: as(3),
  http_malformed: as(3, { message: 'invalid request: malformed http request' }),
  host_header_invalid: as(3, { message: 'invalid request: exactly one host header is required' }),
  host_not_served: as(3, {
    http: 421,
    message: 'invalid request: not for this host name, see the setting console.url',
  }),
  path_unknown: as(3, { http: 404, message: 'invalid request: no such path' }),
  method_not_allowed: as(3, { http: 405, message: 'invalid request: method not allowed' }),
  request_timeout: as(3, { http: 408, message: 'invalid request: request timeout' }),
  expectation_unsupported: as(3, { http: 417, message: 'invalid request: expectation not supported' }),
  headers_too_large: as(3, { http: 431, message: 'invalid request: request header too large' }),
  busy: as(-5802),
  pipeline_full: as(-5802),
  shutting_down: as(-5802),
  engine_failed: as(213),
  worker_lost: as(213),
  profile_unavailable: as(213),
  accounts_unavailable: as(107),
  state_unavailable: as(108),
  storage_unavailable: as(108),
  internal: as(213),
};

/** The answers of the old call under one number that differ from the catalogue's own. */
export function variantsOf(code: number): readonly LegacyCode[] {
  const own = CATALOGUE.get(code);
  const kinds = (Object.keys(LEGACY_CODES) as FaultKind[]).filter(
    (kind) => FAULT_KINDS[kind].area !== 'http',
  );
  return kinds
    .map((kind) => LEGACY_CODES[kind])
    .filter((one) => one.code === code && (one.http !== own?.http || one.message !== own.message))
    .sort((a, b) => a.http - b.http);
}

/** The contract's number of success. */
export const LEGACY_OK = 0;

/** The number of a kind of fault; null: nothing failed. */
export function codeOf(kind: FaultKind | null): number {
  return kind === null ? LEGACY_OK : LEGACY_CODES[kind].code;
}

/** What goes on the wire for a fault. */
export interface FaultReply extends LegacyCode {
  /** Whole seconds for `Retry-After`; on codes 15 and -5802 always there. */
  readonly retryAfter?: number;
}

/** The reply to `fault`: its texts are the contract's, never the fault's own. */
export function reply(error: unknown): FaultReply {
  const fault = asFault(error);
  const after = retryAfterOf(fault);
  return { ...LEGACY_CODES[fault.kind], ...(after === undefined ? {} : { retryAfter: after }) };
}

function retryAfterOf({ kind, retryAfter }: Fault): number | undefined {
  if (retryAfter !== undefined && Number.isFinite(retryAfter)) return Math.max(1, Math.ceil(retryAfter));
  const traits: FaultTraits = FAULT_KINDS[kind];
  return traits.retryAfter;
}
