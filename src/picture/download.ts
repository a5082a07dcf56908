import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { Agent, type Dispatcher, request } from 'undici';
import { Fault } from '../errors.ts';
import { allowListOf, classifyAddress } from './address.ts';
import { readDownload } from './download-body.ts';
import type { Downloader } from './types.ts';

/** All addresses of a host name, in the order they should be tried. Rejects when there are none. */
export type Resolve = (host: string) => Promise<readonly string[]>;

export interface DownloadOptions {
  /** False: every url is refused. */
  readonly enabled: boolean;
  /** Networks, addresses and host names that may be fetched from although they are not public. */
  readonly allowPrivate: readonly string[];
  readonly ports: readonly number[];
  readonly maxRedirects: number;
  /** Bytes of the picture, after decompression. */
  readonly maxBytes: number;
  /** For everything together, in ms. */
  readonly timeoutMs: number;
  /** For each connection, TLS included, in ms; 2000 where nothing is given. */
  readonly connectTimeoutMs?: number;
  /** From the request until the answer's headers, in ms; 3000 where nothing is given. */
  readonly firstByteTimeoutMs?: number;
  /** The system's own look-up where nothing is given. */
  readonly resolve?: Resolve;
}

/**
 * Fetches callers' urls without letting them reach where only this machine may go: http and https alone, no credentials,
 * configured ports, every address of the name public (or configured), the connection made to one of these very addresses
 * with Host and SNI kept, and each redirect put through the same gate. A name that resolves to anything not allowed is
 * refused as a whole.
 */
export function createDownloader(options: DownloadOptions): Downloader {
  const gate = createGate(options);
  return {
    async download(url, signal) {
      if (!options.enabled) throw refused('downloads_off', 'Downloads are switched off (download.enabled).');
      const timeout = AbortSignal.timeout(options.timeoutMs);
      const either = AbortSignal.any([signal, timeout]);
      try {
        return await follow(url, options, gate, either);
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        if (timeout.aborted) {
          throw refused('timeout', `The download took longer than ${options.timeoutMs} ms.`, error);
        }
        throw downloadFault(error);
      }
    },
  };
}

async function follow(
  start: URL,
  options: DownloadOptions,
  gate: Gate,
  signal: AbortSignal,
): Promise<Uint8Array> {
  let url = start;
  for (let hops = 0; ; hops++) {
    const addresses = await untilAborted(gate(url), signal);
    const next = await fetchOnce(url, addresses, options, signal);
    if (!(next instanceof URL)) return next;
    if (hops === options.maxRedirects) {
      throw refused('too_many_redirects', `More than ${options.maxRedirects} redirects.`);
    }
    url = next;
  }
}

/** One request to one of `addresses`: the picture's bytes, or where a redirect points. */
async function fetchOnce(
  url: URL,
  addresses: readonly string[],
  options: DownloadOptions,
  signal: AbortSignal,
): Promise<Uint8Array | URL> {
  const agent = agentFor(addresses, options);
  try {
    const answer = await request(url, {
      dispatcher: agent,
      signal,
      headers: { accept: 'image/*', 'accept-encoding': 'identity', 'user-agent': 'livestill' },
    });
    const location = redirectOf(answer, url);
    if (location !== null) return location;
    if (answer.statusCode !== 200) {
      throw refused(`http_${answer.statusCode}`, `The url's server answered ${answer.statusCode}.`);
    }
    return await readDownload(answer.body, answer.headers, options.maxBytes, signal);
  } finally {
    // Nothing of this connection is used again: the next url may be another caller's.
    void agent.destroy();
  }
}

/** A dispatcher that can reach these addresses and no others, whatever the name in the url would resolve to by now. */
function agentFor(addresses: readonly string[], options: DownloadOptions): Agent {
  const records = addresses.map((address) => ({ address, family: isIP(address) }));
  const firstByte = options.firstByteTimeoutMs ?? 3000;
  return new Agent({
    headersTimeout: firstByte,
    bodyTimeout: firstByte,
    maxResponseSize: -1,
    connect: {
      timeout: options.connectTimeoutMs ?? 2000,
      autoSelectFamily: true,
      // Not asked for an address as host: that one stands in the url itself and is in `addresses` too.
      lookup: (_host, wanted, done) => {
        const [first] = records;
        if (wanted.all === true) done(null, records);
        else if (first !== undefined) done(null, first.address, first.family);
        else done(new Error('no address'), '');
      },
    },
  });
}

function redirectOf(answer: Dispatcher.ResponseData, base: URL): URL | null {
  if (![301, 302, 303, 307, 308].includes(answer.statusCode)) return null;
  const { location } = answer.headers;
  if (typeof location !== 'string' || !URL.canParse(location, base.href)) {
    throw refused('bad_redirect', `A redirect (${answer.statusCode}) without a usable Location.`);
  }
  return new URL(location, base);
}

/** Checks a url and gives the addresses it may be fetched from. */
type Gate = (url: URL) => Promise<readonly string[]>;

function createGate(options: DownloadOptions): Gate {
  const allowed = allowListOf(options.allowPrivate);
  const resolve = options.resolve ?? systemResolve;
  return async (url) => {
    if (url.protocol !== 'http:' && url.protocol !== 'https:') {
      throw refused('bad_scheme', `Only http and https are fetched; found ${url.protocol}`);
    }
    if (url.username !== '' || url.password !== '') {
      throw refused('credentials', 'A url with user name or password is not fetched.');
    }
    const port = url.port === '' ? (url.protocol === 'http:' ? 80 : 443) : Number(url.port);
    if (!options.ports.includes(port)) {
      throw refused('port', `Port ${port} is not among those allowed (${options.ports.join(', ')}).`);
    }
    const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
    const addresses = isIP(host) === 0 ? await resolved(host, resolve) : [host];
    if (allowed.allowsHost(host)) return addresses;
    for (const address of addresses) {
      const verdict = classifyAddress(address);
      if (verdict !== 'public' && !allowed.allowsAddress(address)) {
        throw refused(verdict, `${host} is at ${address}, which is not allowed (${verdict}).`);
      }
    }
    return addresses;
  };
}

async function resolved(host: string, resolve: Resolve): Promise<readonly string[]> {
  const addresses = await resolve(host).catch((cause: unknown) => {
    throw refused('dns_failed', `The name ${host} cannot be resolved.`, cause);
  });
  if (addresses.length === 0) throw refused('dns_failed', `The name ${host} has no address.`);
  return addresses;
}

const systemResolve: Resolve = async (host) =>
  (await lookup(host, { all: true })).map(({ address }) => address);

/** Settles as `work` does, or rejects as soon as `signal` is aborted: a look-up cannot be stopped, only left. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const leave = () => reject(signal.reason);
    if (signal.aborted) leave();
    signal.addEventListener('abort', leave, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
  });
}

/** What went wrong on the connection, by the codes of Node and of the HTTP client. */
function downloadFault(error: unknown): Fault {
  if (error instanceof Fault) return error;
  const { code = '', message = '' } = error as NodeJS.ErrnoException;
  if (/TIMEOUT|ETIMEDOUT/.test(code)) {
    return refused('timeout', `The url's server was too slow (${code}).`, error);
  }
  if (/CERT|SSL|TLS|SELF_SIGNED|UNABLE_TO/.test(code)) {
    return refused('tls_failed', `TLS with the url's server failed (${code}).`, error);
  }
  if (/^(ECONN|EHOST|ENET|EPIPE|EADDR|EACCES)/.test(code)) {
    return refused('connect_failed', `The url's server cannot be reached (${code}).`, error);
  }
  return refused('broken_answer', `The url's server did not answer properly (${code || message}).`, error);
}

function refused(reason: string, message: string, cause?: unknown): Fault {
  return new Fault(-5805, reason, message, cause === undefined ? {} : { cause });
}
