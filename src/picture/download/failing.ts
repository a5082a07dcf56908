import { createHash } from 'node:crypto';
import { ADDRESS_VERDICTS } from './address/ranges.ts';
import { type DownloadRefusal, refused } from './reasons.ts';

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

/** How a download went that asked at least one url. */
export interface Course {
  /** The urls asked, redirects included; the last one is the one that failed or gave the picture. */
  readonly urls: readonly URL[];
  /** Null where there is a picture. */
  readonly failure: DownloadRefusal | null;
  /**
   * Whether the failure says something of this machine, or of how long its apps wait, and nothing of a
   * server.
   */
  readonly ofOurOwn?: boolean;
}

/**
 * Remembers urls that keep failing, so that their servers are not asked again and again for nothing. Each app
 * has a memory of its own: what one app's callers make fail is never refused to another's.
 */
export interface Failing {
  /**
   * @throws {Fault} `download_refused` `url_failing` or `host_failing`, with `retryAfter`, while the url or
   * its host is left alone for this app
   */
  check(url: URL, app: string | undefined): void;
  /**
   * Takes note of how a download went. A failure is booked on the url that was sent, and on a host whose
   * name, connection or TLS failed; never on a url that a redirect led to: whoever redirects could make any
   * url fail by being slow.
   */
  note(course: Course, app: string | undefined): void;
  readonly size: number;
}

interface Record {
  failures: number;
  /** On the clock; one trial is let through after it. */
  until: number;
}

/** Failures that say something of the host as a whole and not of the one url. */
const OF_THE_HOST: ReadonlySet<DownloadRefusal> = new Set<DownloadRefusal>([
  'dns_failed',
  'dns_timeout',
  'connect_failed',
  'connect_timeout',
  'tls_failed',
]);

/** Refusals that ask nothing of the url's server and so say nothing of it. */
const OF_OUR_OWN: ReadonlySet<DownloadRefusal> = new Set<DownloadRefusal>([
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
  const { afterFailures, firstPauseMs, longestPauseMs, clock } = options;
  const memory = createMemory(options.remembered);

  const check = (app: App, key: string, reason: 'url_failing' | 'host_failing', what: string) => {
    const record = memory.get(app, key);
    if (record === undefined || record.failures < afterFailures) return;
    const rest = record.until - clock();
    if (rest > 0) {
      throw refused(
        reason,
        `${what} failed ${record.failures === 1 ? 'once' : `${record.failures} times in a row`}; it is tried again in ${Math.ceil(rest / 1000)} s.`,
        { retryAfter: rest / 1000 },
      );
    }
    // One trial: whoever comes while it runs is refused as before.
    record.until = clock() + pauseOf(record.failures);
  };
  const pauseOf = (failures: number) =>
    Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(30, failures - afterFailures));
  const fail = (app: App, key: string) => {
    const record = memory.get(app, key) ?? { failures: 0, until: 0 };
    record.failures++;
    if (record.failures >= afterFailures) record.until = clock() + pauseOf(record.failures);
    memory.put(app, key, record);
  };

  return {
    check(url, app) {
      check(app, hostKey(url), 'host_failing', url.host);
      check(app, urlKey(url), 'url_failing', 'This url');
    },
    note({ urls, failure, ofOurOwn: own = false }, app) {
      const [first] = urls;
      const last = urls.at(-1);
      if (first === undefined || last === undefined || own) return;
      if (failure !== null && OF_OUR_OWN.has(failure)) return;
      const hostFailed = failure !== null && OF_THE_HOST.has(failure);
      for (const url of urls) if (url !== last || !hostFailed) memory.drop(app, hostKey(url));
      if (failure === null) {
        for (const url of urls) memory.drop(app, urlKey(url));
        return;
      }
      if (hostFailed) fail(app, hostKey(last));
      // Whoever redirects to a place that fails would otherwise be asked for ever.
      if (!hostFailed || first !== last) fail(app, urlKey(first));
    },
    get size() {
      return memory.size;
    },
  };
}

type App = string | undefined;

/**
 * Records by app, the ones unused for longest forgotten first: of the app that has most, so that no app
 * empties another's memory.
 */
function createMemory(remembered: number) {
  const apps = new Map<App, Map<string, Record>>();
  let size = 0;
  const drop = (app: App, key: string) => {
    const own = apps.get(app);
    if (own === undefined || !own.delete(key)) return;
    size--;
    if (own.size === 0) apps.delete(app);
  };
  const largest = () => [...apps].reduce((most, each) => (each[1].size > most[1].size ? each : most));
  return {
    get: (app: App, key: string) => apps.get(app)?.get(key),
    put(app: App, key: string, record: Record) {
      drop(app, key);
      const own = apps.get(app) ?? new Map<string, Record>();
      apps.set(app, own.set(key, record));
      size++;
      while (size > remembered) {
        const [most, records] = largest();
        const [oldest = ''] = records.keys();
        drop(most, oldest);
      }
    },
    drop,
    get size() {
      return size;
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
