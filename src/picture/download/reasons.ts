import { Fault, type FaultReason } from '../../faults.ts';
import { ADDRESS_VERDICTS } from './address/ranges.ts';

/** Answers of a url's server that have a reason of their own; all others share `http_other`. */
const STATUSES = [
  201, 202, 203, 204, 206, 300, 304, 400, 401, 402, 403, 404, 405, 406, 408, 409, 410, 412, 416, 418, 421,
  423, 425, 429, 431, 451, 500, 501, 502, 503, 504,
] as const;

/**
 * Every reason a download can be refused for: a closed list, fit for a metric's label and for
 * `X-Liveness-Reason`. What each means and what to do stands in `docs/run/downloads.md`.
 */
export const DOWNLOAD_REASONS = [
  ...ADDRESS_VERDICTS.filter((verdict) => verdict !== 'public'),
  'downloads_off',
  'bad_scheme',
  'bad_host',
  'credentials',
  'port',
  'metadata_host',
  'dns_failed',
  'dns_timeout',
  'connect_failed',
  'connect_timeout',
  'tls_failed',
  'first_byte_timeout',
  'slow_body',
  'timeout',
  'bad_redirect',
  'too_many_redirects',
  'too_large',
  'content_encoding',
  'empty',
  'broken_answer',
  'url_failing',
  'host_failing',
  'busy',
  ...STATUSES.map((status) => `http_${status}` as const),
  'http_other',
] as const satisfies readonly FaultReason<'download_refused'>[];

export type DownloadRefusal = (typeof DOWNLOAD_REASONS)[number];

/** A refused download with its reason. `retryAfter` is in seconds. */
export function refused(
  reason: DownloadRefusal,
  message: string,
  options: { readonly cause?: unknown; readonly retryAfter?: number } = {},
): Fault {
  return new Fault('download_refused', reason, message, options);
}

/** The refusal of an answer that is neither the picture nor a redirect. */
export function refusedStatus(status: number): Fault {
  const known = STATUSES.find((each) => each === status);
  return refused(
    known === undefined ? 'http_other' : `http_${known}`,
    `The url's server answered ${status}; 200 with a picture was expected.`,
  );
}

/** What went wrong on the connection, by the codes of Node and of the HTTP client. */
export function connectionFault(error: unknown, connected: boolean): Fault {
  if (error instanceof Fault) return error;
  const { code = '', message = '' } = error as NodeJS.ErrnoException;
  // A server's own words may stand in the message.
  const what = code || message.slice(0, 100);
  if (/CERT|SSL|TLS|SELF_SIGNED|UNABLE_TO|EPROTO/.test(code)) {
    return refused('tls_failed', `TLS with the url's server failed (${code}).`, { cause: error });
  }
  if (/TIMEDOUT|TIMEOUT/.test(code)) {
    return connected
      ? refused('first_byte_timeout', `The url's server was too slow (${code}).`, { cause: error })
      : refused('connect_timeout', `The url's server cannot be reached in time (${code}).`, { cause: error });
  }
  if (!connected) {
    return refused('connect_failed', `The url's server cannot be reached (${what}).`, {
      cause: error,
    });
  }
  return refused('broken_answer', `The url's server did not answer properly (${what}).`, {
    cause: error,
  });
}
