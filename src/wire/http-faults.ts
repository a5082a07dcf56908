import type { Envelope } from './envelope.ts';

/** Faults of the transport itself, which the old API's catalogue has no number of its own for. */
export type HttpFault =
  | 'bad_request'
  | 'no_host'
  | 'not_found'
  | 'method'
  | 'timeout'
  | 'expectation'
  | 'headers_too_large'
  | 'body_too_large'
  | 'pipelined'
  | 'draining';

const table: Readonly<Record<HttpFault, readonly [http: number, code: number, message: string]>> = {
  bad_request: [400, 3, 'invalid request: malformed http request'],
  no_host: [400, 3, 'invalid request: exactly one host header is required'],
  not_found: [404, 3, 'invalid request: no such path'],
  method: [405, 3, 'invalid request: method not allowed'],
  timeout: [408, 3, 'invalid request: request timeout'],
  body_too_large: [413, 23, 'request body too large'],
  expectation: [417, 3, 'invalid request: expectation not supported'],
  headers_too_large: [431, 3, 'invalid request: request header too large'],
  pipelined: [503, -5802, 'server busy'],
  draining: [503, -5802, 'server busy'],
};

/** The envelope of a transport fault: the nearest code of the catalogue (3, 23 or -5802) with the fitting HTTP status. */
export function httpFaultEnvelope(
  fault: HttpFault,
  headers: Readonly<Record<string, string>> = {},
): Envelope {
  const [http, code, message] = table[fault];
  return { http, code, message, data: {}, headers };
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
