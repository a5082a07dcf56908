import { createHash } from 'node:crypto';
import { ADDRESS_VERDICTS } from './address-ranges.ts';
import { type DownloadRefusal, refused } from './download-reasons.ts';

export interface FailingOptions {
  /** Failures in a row after which a url, or a host, is left alone for a while. */
  readonly afterFailures: number;
  /** The first pause, in ms; each further failure doubles it. */
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
  /** Urls and hosts remembered; the ones unused for longest are forgotten first. */
  readonly remembered: number;
  /** Milliseconds, never going back. */
  readonly clock: () => number;
}

/** Remembers urls that keep failing, so that their servers are not asked again and again for nothing. */
export interface Failing {
  /** @throws Fault -5805 `url_failing` or `host_failing`, with `retryAfter`, while the url or its host is left alone */
  check(url: URL): void;
  /**
   * Takes note of how a download went: the urls asked, redirects included, the last one being the one that failed or gave
   * the picture (`failure` null).
   */
  note(urls: readonly URL[], failure: DownloadRefusal | null): void;
  readonly size: number;
}

interface Record {
  failures: number;
  /** On the clock; one trial is let through after it. */
  until: number;
}

/** Failures that say something of the host as a whole and not of the one url. */
const ofTheHost: ReadonlySet<DownloadRefusal> = new Set<DownloadRefusal>([
  'dns_failed',
  'dns_timeout',
  'connect_failed',
  'connect_timeout',
  'tls_failed',
]);

/** Refusals that ask nothing of the url's server and so say nothing of it. */
const ofOurOwn: ReadonlySet<DownloadRefusal> = new Set<DownloadRefusal>([
  ...ADDRESS_VERDICTS.filter((verdict) => verdict !== 'public'),
  'downloads_off',
  'bad_scheme',
  'bad_host',
  'credentials',
  'port',
  'metadata_host',
  'url_failing',
  'host_failing',
  'busy',
]);

export function createFailing(options: FailingOptions): Failing {
  const { afterFailures, firstPauseMs, longestPauseMs, remembered, clock } = options;
  const records = new Map<string, Record>();

  const check = (key: string, reason: 'url_failing' | 'host_failing', what: string) => {
    const record = records.get(key);
    if (record === undefined || record.failures < afterFailures) return;
    const rest = record.until - clock();
    if (rest > 0) {
      throw refused(
        reason,
        `${what} failed ${record.failures} times in a row; it is tried again in ${Math.ceil(rest / 1000)} s.`,
        { retryAfter: rest / 1000 },
      );
    }
    // One trial: whoever comes while it runs is refused as before.
    record.until = clock() + pauseOf(record.failures);
  };
  const pauseOf = (failures: number) =>
    Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(30, failures - afterFailures));

  const fail = (key: string) => {
    const record = records.get(key) ?? { failures: 0, until: 0 };
    record.failures++;
    if (record.failures >= afterFailures) record.until = clock() + pauseOf(record.failures);
    records.delete(key);
    records.set(key, record);
    for (const [oldest] of records) {
      if (records.size <= remembered) break;
      records.delete(oldest);
    }
  };

  return {
    check(url) {
      check(hostKey(url), 'host_failing', url.host);
      check(urlKey(url), 'url_failing', 'This url');
    },
    note(urls, failure) {
      if (failure !== null && ofOurOwn.has(failure)) return;
      const last = urls.at(-1);
      for (const url of urls) {
        if (failure === null) records.delete(urlKey(url));
        if (failure === null || url !== last) records.delete(hostKey(url));
      }
      if (failure === null || last === undefined) return;
      const first = urls[0] as URL;
      // Whoever redirects to a place that fails would otherwise be asked for ever.
      if (first !== last) fail(urlKey(first));
      if (ofTheHost.has(failure)) return fail(hostKey(last));
      records.delete(hostKey(last));
      fail(urlKey(last));
    },
    get size() {
      return records.size;
    },
  };
}

function hostKey(url: URL): string {
  return `host ${url.protocol}//${url.host}`;
}

/** A hash: urls are long, may carry tokens, and are kept for a while. */
function urlKey(url: URL): string {
  return createHash('sha256').update(`${url.origin}${url.pathname}${url.search}`).digest('base64');
}
