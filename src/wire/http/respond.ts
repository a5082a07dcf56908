import type { IncomingMessage, ServerResponse } from 'node:http';
import { FAULT_KINDS } from '../../faults.ts';
import { CONTENT_TYPE, type Envelope, envelopeBody } from './envelope.ts';
import type { Form } from './face.ts';

/**
 * How long, and for how many bytes, a body that nobody wants is still read so that its sender gets to read
 * the answer.
 */
export interface LingerSettings {
  readonly milliseconds: number;
  readonly bytes: number;
}

/** What a reply needs beside its envelope. */
export interface RespondOptions {
  readonly requestId: string;
  /** Headers that depend on the request and not on the answer (CORS). */
  readonly headers?: Readonly<Record<string, string>>;
  /** How a fault is told to the caller of the path; without it, as the old call does. */
  readonly form?: Form | undefined;
  /** Say `Connection: close`. */
  readonly close?: boolean;
  readonly linger: LingerSettings;
}

/** A body up to this size is read to its end rather than paid for with a new connection, in bytes. */
const CHEAP_BODY = 1024 * 1024;

/**
 * Writes a reply. Where the request's body has not been read to its end (too large, wrong path, …) the answer
 * goes out at once and in full, and the connection is closed only after the rest of the body was read and
 * thrown away, within bounds: closing earlier would reset the connection, and a client still sending would
 * never see the answer (RFC 9112 §9.6). A request refused for lack of room keeps its connection when its body
 * is short: the server then reads on to the body's announced end by itself, which costs less than the next
 * call's handshake, and under overload that counts. Does nothing when an answer is already under way or the
 * connection is gone.
 * @returns whether the connection is closed after this answer
 */
export function respond(
  request: IncomingMessage,
  response: ServerResponse,
  answer: Envelope,
  options: RespondOptions,
): boolean {
  if (response.headersSent || response.destroyed) return false;
  const envelope = options.form?.(request, answer, options.requestId) ?? answer;
  const body = envelopeBody(envelope);
  const unread = hasBody(request) && !request.complete;
  const reuse =
    unread &&
    answer.kind !== null &&
    FAULT_KINDS[answer.kind].area === 'capacity' &&
    options.close !== true &&
    isShort(request);
  const closes = (unread && !reuse) || options.close === true;
  // A caller that leaves in the middle of its answer is no error of ours.
  response.on('error', () => {});
  response.writeHead(
    envelope.http,
    canonical({
      'content-type': envelope.body?.contentType ?? CONTENT_TYPE,
      'content-length': String(body.length),
      'cache-control': 'no-store',
      'x-request-id': options.requestId,
      ...options.headers,
      ...envelope.headers,
      ...(closes ? { connection: 'close' } : {}),
    }),
  );
  if (!unread || reuse) {
    response.end(body);
    return closes;
  }
  response.write(body);
  discard(request, options.linger, () => {
    if (!response.destroyed) response.end();
  });
  return closes;
}

/** Names as `Content-Type`: RFC 9110 does not care, clients written by hand do. */
export function canonical(headers: Readonly<Record<string, string>>): Record<string, string> {
  const named: Record<string, string> = {};
  for (const name in headers) named[nameOf(name)] = headers[name] as string;
  return named;
}

/** The names of headers in use, few and all our own, as they are written. */
const NAMES = new Map<string, string>();

function nameOf(name: string): string {
  let written = NAMES.get(name);
  if (written === undefined) {
    written = name.replace(/(?<=^|-)[a-z]/g, (letter) => letter.toUpperCase());
    NAMES.set(name, written);
  }
  return written;
}

/** Whether the request says that its body ends after few enough bytes. */
function isShort({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] === undefined && Number(headers['content-length']) <= CHEAP_BODY;
}

/** Whether the request announces a body. */
function hasBody(request: IncomingMessage): boolean {
  return (
    request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0
  );
}

/**
 * Reads and drops what still comes; `done` is called once: at its end, at the bound, or when the connection
 * is gone.
 */
function discard(request: IncomingMessage, linger: LingerSettings, done: () => void): void {
  let left = linger.bytes;
  const finish = () => {
    clearTimeout(timer);
    request.off('data', drop);
    request.off('end', finish);
    request.off('close', finish);
    done();
  };
  const drop = (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) finish();
  };
  const timer = setTimeout(finish, linger.milliseconds);
  request.on('data', drop);
  request.on('end', finish);
  request.on('close', finish);
  request.resume();
}
