import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { AwsV4Signer } from 'aws4fetch';
import { Fault } from '../../faults.ts';
import { readDownload } from '../../picture/download/body.ts';
import { connectPinned } from '../../picture/download/connect.ts';
import { exchangeOver, type Posted } from '../../picture/download/exchange.ts';
import { refused } from '../../picture/download/reasons.ts';
import { systemResolve } from '../../picture/download/resolve.ts';
import { createUrlCheck, type UrlCheck } from '../../picture/download/url-check.ts';
import type { ObjectPlace } from '../types.ts';
import { faultOf, mayPass, refusalOf, unreachable } from './answer.ts';
import { type KeySource, keySource, readCa, type S3Settings } from './settings.ts';

/** A request to the storage. */
export interface S3Request {
  readonly method: NonNullable<Posted['method']>;
  readonly place: ObjectPlace;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  /** The answer is one object's: its lack is no trouble of the storage. */
  readonly isObject?: boolean;
}

/** Sends signed requests to the one endpoint of the settings. */
export interface S3Client {
  /**
   * Sends a request, several times where it may succeed a moment later; the result is what `use` makes of an
   * answer with status 200 or 204.
   * @throws {Fault} `storage_unavailable`, `download_refused`, and what `use` throws
   * @throws {DOMException} AbortError when `signal` aborts
   */
  send<T>(request: S3Request, signal: AbortSignal, use: (answer: Answer) => Promise<T>): Promise<T>;
}

/** An answer whose body is still to be read. */
export interface Answer {
  readonly headers: IncomingMessage['headers'];
  /** The body, at most so many bytes, in memory of its own. */
  bytes(most: number): Promise<Uint8Array>;
}

const TRIES = 3;
/** The pause before the second try, in ms; twice as long before the third. */
const FIRST_PAUSE_MS = 200;
const CONNECT_MS = 5000;
/** Bytes of an error's body that are read. */
const ERROR_BYTES = 64 * 1024;
/** A body that brings less in such a time is left. */
const PACE = { slowWindowMs: 10_000, slowWindowBytes: 1024 };

interface Parts {
  readonly settings: S3Settings;
  readonly keys: KeySource;
  readonly check: UrlCheck;
  readonly ca: string | undefined;
  readonly cache: Map<string, ArrayBuffer>;
}

/**
 * Makes a client.
 * @throws {UsageError} `s3_keys`, `s3_ca`
 */
export function createS3Client(settings: S3Settings): S3Client {
  const { hostname, port, protocol } = new URL(settings.endpoint);
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const parts: Parts = {
    settings,
    keys: keySource(settings),
    // What is configured may be private; the address of a metadata service it may be only by its number.
    check: createUrlCheck({
      allowPrivate: [host],
      ports: [Number(port || (protocol === 'https:' ? 443 : 80))],
      resolve: systemResolve(),
    }),
    ca: readCa(settings.ca),
    cache: new Map(),
  };
  return {
    async send(request, signal, use) {
      for (let tries = 1; ; tries++) {
        try {
          return await sendOnce(parts, request, signal, use);
        } catch (error) {
          if (signal.aborted || tries >= TRIES || !(error instanceof Retryable)) throw causeOf(error);
        }
        await sleep(FIRST_PAUSE_MS * 2 ** (tries - 1), undefined, { signal });
      }
    },
  };
}

/** A fault that another try may not meet. */
class Retryable extends Error {
  override readonly cause: Fault;

  constructor(cause: Fault) {
    super(cause.message);
    this.cause = cause;
  }
}

const causeOf = (error: unknown): unknown => (error instanceof Retryable ? error.cause : error);

/**
 * The url of a place, without a bucket that of the list of all; every letter that urls have a use for is
 * written in numbers.
 */
export function urlOf(
  { endpoint, pathStyle }: Pick<S3Settings, 'endpoint' | 'pathStyle'>,
  { bucket, key }: ObjectPlace,
  query: Readonly<Record<string, string>> = {},
): URL {
  const encode = (text: string) =>
    encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  const path = key.split('/').map(encode).join('/');
  const search = Object.entries(query)
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .join('&');
  const { protocol, host } = new URL(endpoint);
  if (bucket === '') return new URL(`${protocol}//${host}/`);
  const base = pathStyle ? `${protocol}//${host}/${encode(bucket)}` : `${protocol}//${bucket}.${host}`;
  return new URL(`${base}/${path}${search === '' ? '' : `?${search}`}`);
}

async function sendOnce<T>(
  parts: Parts,
  request: S3Request,
  caller: AbortSignal,
  use: (answer: Answer) => Promise<T>,
): Promise<T> {
  caller.throwIfAborted();
  const { settings } = parts;
  const control = new AbortController();
  const leave = () => control.abort(caller.reason);
  caller.addEventListener('abort', leave, { once: true });
  const timer = setTimeout(() => {
    control.abort(refused('timeout', `S3 did not answer in full within ${settings.timeoutMs} ms.`));
  }, settings.timeoutMs);
  // What goes wrong before the answer is the storage's, what goes wrong within it the object's.
  let hasAnswer = false;
  try {
    return await exchange(parts, request, control.signal, async (answer) => {
      hasAnswer = true;
      return take(answer, request, control.signal, use);
    });
  } catch (error) {
    if (caller.aborted) throw caller.reason;
    if (!(error instanceof Fault) || error.kind !== 'download_refused') throw error;
    if (!hasAnswer)
      throw new Retryable(
        unreachable(`S3 cannot be reached at ${settings.endpoint}: ${error.message}`, error),
      );
    if (/^(?:broken_answer|slow_body|timeout)$/.test(error.reason)) throw new Retryable(error);
    throw error;
  } finally {
    clearTimeout(timer);
    caller.removeEventListener('abort', leave);
  }
}

async function exchange<T>(
  { settings, keys, check, ca, cache }: Parts,
  request: S3Request,
  signal: AbortSignal,
  use: (answer: IncomingMessage) => Promise<T>,
): Promise<T> {
  const { method, place, query, headers = {}, body = Buffer.alloc(0) } = request;
  const url = urlOf(settings, place, query);
  const report = () => {};
  const addresses = await check.addressesOf(check.checkUrl(url, report), signal, report);
  const signed = { 'x-amz-content-sha256': createHash('sha256').update(body).digest('hex'), ...headers };
  const known = await keys();
  const all = known === null ? headers : await signedHeaders();
  const connecting = { connectTimeoutMs: CONNECT_MS, ...(ca === undefined ? {} : { ca }) };
  const socket = await connectPinned(url, addresses, connecting, signal);
  const limits = { firstByteMs: settings.timeoutMs, signal, posted: { method, headers: all, body } };
  return exchangeOver(socket, url, limits, use);

  async function signedHeaders(): Promise<Record<string, string>> {
    const { sessionToken, accessKeyId, secretAccessKey } = known!;
    const signer = new AwsV4Signer({
      url: url.href,
      method,
      headers: signed,
      service: 's3',
      region: settings.region,
      accessKeyId,
      secretAccessKey,
      cache,
      ...(sessionToken === null ? {} : { sessionToken }),
    });
    return Object.fromEntries((await signer.sign()).headers);
  }
}

async function take<T>(
  answer: IncomingMessage,
  { place, isObject = false }: S3Request,
  signal: AbortSignal,
  use: (answer: Answer) => Promise<T>,
): Promise<T> {
  const status = answer.statusCode ?? 0;
  const bytes = (maxBytes: number) => readDownload(answer, { maxBytes, ...PACE }, signal);
  if (status === 200 || status === 204) return use({ headers: answer.headers, bytes });
  const body = await bytes(ERROR_BYTES).catch(() => Buffer.alloc(0));
  const refusal = refusalOf(status, Buffer.from(body).toString('utf8'));
  const fault = faultOf(refusal, place, isObject);
  throw mayPass(refusal) ? new Retryable(fault) : fault;
}
