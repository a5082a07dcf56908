import type { IncomingMessage } from 'node:http';
import { Fault } from '../../faults.ts';
import type { DownloadEvent, Downloader, DownloadObserver } from '../types.ts';
import type { OwnAddresses } from './address/own.ts';
import { readDownload } from './body.ts';
import { connectPinned } from './connect.ts';
import { exchangeOver } from './exchange.ts';
import { createFailing, type FailingOptions } from './failing.ts';
import { connectionFault, type DownloadRefusal, refused, refusedStatus } from './reasons.ts';
import { redirectOf } from './redirect.ts';
import type { Resolve } from './resolve.ts';
import { createSlots, type Slots } from './slots.ts';
import { createUrlCheck, type Report, type UrlCheck } from './url-check.ts';

export type { Resolve } from './resolve.ts';

export interface DownloadOptions {
  /** False: every url is refused. */
  readonly enabled: boolean;
  /** Networks, addresses and host names that may be fetched from although they are not public. */
  readonly allowPrivate: readonly string[];
  readonly ports: readonly number[];
  readonly maxRedirects: number;
  /** Bytes of the picture, after decompression. */
  readonly maxBytes: number;
  /** For everything together, waiting for a place included, in ms. */
  readonly timeoutMs: number;
  /** For each connection, TLS included, in ms; 2000 where nothing is given. */
  readonly connectTimeoutMs?: number;
  /** From the connection until the answer's headers, in ms; 3000 where nothing is given. */
  readonly firstByteTimeoutMs?: number;
  /** The body's pace: it is looked at this often, in ms (2000), … */
  readonly slowWindowMs?: number;
  /** … and so many bytes must have come each time (8192). */
  readonly slowWindowBytes?: number;
  /**
   * Downloads at the same moment from one host (8) and in all (32), of which one app gets three quarters;
   * others wait within their time.
   */
  readonly maxPerHost?: number;
  readonly maxInAll?: number;
  /** Only report what the rules on ports and private networks would refuse; off where nothing is given. */
  readonly reportOnly?: boolean;
  /**
   * When failing urls are left alone; after 3 failures for 2 s, doubling up to 60 s, where nothing is given.
   */
  readonly failing?: Partial<FailingOptions>;
  /**
   * Name servers for the open internet, the system's look-up for allowed host names, where nothing is given.
   */
  readonly resolve?: Resolve;
  /** Certificates (PEM) trusted besides the system's own. */
  readonly ca?: string | readonly string[];
  /** The machine's own addresses; read from its interfaces where nothing is given. */
  readonly own?: () => OwnAddresses;
  /** Called for every download and for what report-only mode let through: for metrics. */
  readonly observe?: DownloadObserver;
}

/**
 * Fetches callers' urls without letting them reach where only this machine may go: http and https alone, no
 * credentials, configured ports, every address of the name public (or configured), the connection made to one
 * of these very addresses with Host and SNI kept, and each redirect put through the same check. A name that
 * resolves to anything not allowed is refused as a whole. The bytes are judged by nobody here: neither name
 * nor declared type plays a part.
 */
export function createDownloader(options: DownloadOptions): Downloader {
  const clock = () => performance.now();
  const check = createUrlCheck(options);
  const slots = createSlots(options.maxPerHost ?? 8, options.maxInAll ?? 32);
  const failing = createFailing({
    afterFailures: 3,
    firstPauseMs: 2000,
    longestPauseMs: 60_000,
    remembered: 10_000,
    clock,
    ...options.failing,
  });
  return {
    async download(url, caller, { app, observe } = {}) {
      const { report, end } = teller(url, [options.observe, observe]);
      const way: Way = { urls: [], waitedMs: 0 };
      const control = new AbortController();
      const leave = () => control.abort(caller.reason);
      caller.addEventListener('abort', leave, { once: true });
      const timer = setTimeout(() => {
        control.abort(refused('timeout', `The download took longer than ${options.timeoutMs} ms.`));
      }, options.timeoutMs);
      try {
        caller.throwIfAborted();
        if (!options.enabled)
          throw refused('downloads_off', 'Downloads are switched off (download.enabled).');
        const bytes = await follow(url, {
          options,
          check,
          slots,
          failing,
          app,
          way,
          report,
          signal: control.signal,
        });
        failing.note({ urls: way.urls, failure: null }, app);
        end({ outcome: 'fetched', bytes: bytes.byteLength });
        return bytes;
      } catch (error) {
        if (caller.aborted) {
          end({ outcome: 'aborted' });
          throw caller.reason;
        }
        const fault = error instanceof Fault ? error : connectionFault(control.signal.reason ?? error, true);
        const reason = fault.reason as DownloadRefusal;
        // Too late for lack of a place is nothing that a server did.
        const tooLate = reason === 'timeout' && way.waitedMs > options.timeoutMs / 2;
        const ofOurOwn = tooLate || isShortage(fault.cause);
        failing.note({ urls: way.urls, failure: reason, ofOurOwn }, app);
        end({ outcome: 'refused', reason, detail: fault.message });
        throw fault;
      } finally {
        clearTimeout(timer);
        caller.removeEventListener('abort', leave);
      }
    },
  };
}

/** What tells the observers of one download, with what is the same in all that they are told. */
function teller(url: URL, observers: readonly (DownloadObserver | undefined)[]) {
  const since = performance.now();
  const same = { host: url.hostname, reason: null, detail: null, bytes: 0 };
  const end = (event: Pick<DownloadEvent, 'outcome'> & Partial<DownloadEvent>) => {
    const whole = { ...same, milliseconds: performance.now() - since, ...event };
    for (const observe of observers) observe?.(whole);
  };
  const report: Report = (reason, host, detail) => end({ outcome: 'reported', reason, host, detail });
  return { end, report };
}

/** How far a download has come. */
interface Way {
  /** The urls asked so far. */
  readonly urls: URL[];
  /** Time spent waiting for places. */
  waitedMs: number;
}

interface Course {
  readonly options: DownloadOptions;
  readonly check: UrlCheck;
  readonly slots: Slots;
  readonly failing: ReturnType<typeof createFailing>;
  readonly app: string | undefined;
  readonly way: Way;
  readonly report: Report;
  readonly signal: AbortSignal;
}

async function follow(start: URL, course: Course): Promise<Uint8Array> {
  const { maxRedirects } = course.options;
  let url = start;
  for (let hops = 0; ; hops++) {
    const next = await hop(url, course);
    if (!(next instanceof URL)) return next;
    if (hops === maxRedirects) throw refused('too_many_redirects', `More than ${maxRedirects} redirects.`);
    url = next;
  }
}

/** One url, from the check to the picture's bytes or to where a redirect points. */
async function hop(given: URL, course: Course): Promise<Uint8Array | URL> {
  const { check, slots, failing, app, way, report, signal } = course;
  const host = check.checkUrl(given, report);
  const url = new URL(given);
  // Neither Host nor the name in the TLS handshake ends with a dot (RFC 6066 §3).
  if (url.hostname.endsWith('.')) url.hostname = host;
  failing.check(url, app);
  const since = performance.now();
  const leave = await slots.enter(host, app, signal).catch((error: unknown) => {
    if (!isTimeout(signal)) throw error;
    throw refused('busy', `No place for a download from ${host} in time.`, { retryAfter: 1 });
  });
  try {
    way.waitedMs += performance.now() - since;
    way.urls.push(url);
    return await fetchOnce(url, await check.addressesOf(host, signal, report, app), course);
  } finally {
    leave();
  }
}

async function fetchOnce(url: URL, addresses: readonly string[], course: Course): Promise<Uint8Array | URL> {
  const { options, signal } = course;
  const { connectTimeoutMs = 2000, firstByteTimeoutMs = 3000, ca } = options;
  const connecting = { connectTimeoutMs, ...(ca === undefined ? {} : { ca }) };
  const socket = await connectPinned(url, addresses, connecting, signal);
  const limits = { firstByteMs: firstByteTimeoutMs, signal };
  return await exchangeOver(socket, url, limits, (answer) => readAnswer(answer, url, options, signal));
}

async function readAnswer(
  answer: IncomingMessage,
  url: URL,
  options: DownloadOptions,
  signal: AbortSignal,
): Promise<Uint8Array | URL> {
  const location = redirectOf(answer, url);
  if (location !== null) return location;
  if (answer.statusCode !== 200) throw refusedStatus(answer.statusCode ?? 0);
  const { maxBytes, slowWindowMs = 2000, slowWindowBytes = 8192 } = options;
  return await readDownload(answer, { maxBytes, slowWindowMs, slowWindowBytes }, signal);
}

/** Whether the system had no more files, memory or ports for a connection. */
function isShortage(cause: unknown): boolean {
  const { code = '' } = (cause ?? {}) as NodeJS.ErrnoException;
  return ['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'EADDRNOTAVAIL'].includes(code);
}

function isTimeout(signal: AbortSignal): boolean {
  return signal.aborted && signal.reason instanceof Fault && signal.reason.reason === 'timeout';
}
