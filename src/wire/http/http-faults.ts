import type { FaultKind } from '../../faults.ts';
import { LEGACY_CODES } from '../legacy/codes/codes.ts';
import type { Envelope } from './envelope.ts';

/** Faults of the transport itself, by the constants that metrics and log have for them. */
export type HttpFault =
  | 'bad_request'
  | 'no_host'
  | 'wrong_host'
  | 'not_found'
  | 'method'
  | 'timeout'
  | 'expectation'
  | 'headers_too_large'
  | 'body_too_large'
  | 'pipelined'
  | 'draining';

/**
 * What is counted below HTTP: faults that are answered, answers that nobody takes, and plain HTTP where TLS
 * is spoken.
 */
export type HttpFaultSeen = HttpFault | 'unread' | 'plain_http';

const KINDS = {
  bad_request: 'http_malformed',
  no_host: 'host_header_invalid',
  wrong_host: 'host_not_served',
  not_found: 'path_unknown',
  method: 'method_not_allowed',
  timeout: 'request_timeout',
  body_too_large: 'body_too_large',
  expectation: 'expectation_unsupported',
  headers_too_large: 'headers_too_large',
  pipelined: 'pipeline_full',
  draining: 'shutting_down',
} as const satisfies Record<HttpFault, FaultKind>;

/** The envelope of a transport fault, in the form of the old call. */
export function httpFaultEnvelope(
  fault: HttpFault,
  headers: Readonly<Record<string, string>> = {},
): Envelope {
  const kind = KINDS[fault];
  const { http, message } = LEGACY_CODES[kind];
  return { http, kind, message, data: {}, headers };
}

/** Which transport fault an error of Node's HTTP parser or connection timer is. */
export function httpFaultOf(errorCode: string | undefined): HttpFault {
  switch (errorCode) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return 'timeout';
    case 'HPE_HEADER_OVERFLOW':
      return 'headers_too_large';
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return 'body_too_large';
    default:
      return 'bad_request';
  }
}
