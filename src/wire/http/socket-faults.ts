import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import type { Ongoing } from './connections.ts';
import { CONTENT_TYPE, type Envelope, envelopeBody } from './envelope.ts';
import type { Form } from './face.ts';
import { type HttpFault, httpFaultEnvelope, httpFaultOf } from './http-faults.ts';
import { requestIdFrom } from './request-id.ts';
import { canonical } from './respond.ts';

/** How long an answered, broken connection is kept open for its sender to read the answer, in ms. */
const PARTING = 1000;

/**
 * Answers what Node's HTTP parser and connection timer refuse before there is a request to answer: bad
 * request lines, header overflow, bad chunks, time-outs. `ongoing` tells which request a connection is busy
 * with, so that an answer under way is never mixed with this one and the id stays the same. `onFault` is told
 * what was refused.
 */
export function createSocketFaultHandler(
  ongoing: (socket: Duplex) => Ongoing | undefined,
  log: Logger,
  onFault: (fault: HttpFault) => void = () => {},
  form: Form = (_request, fault) => fault,
): (error: NodeJS.ErrnoException, socket: Duplex) => void {
  const answered = new WeakSet<Duplex>();

  return (error, socket) => {
    // More came behind a request that ends its connection: its answer closes it, and there is nothing else to
    // say.
    if (error.code === 'HPE_CLOSED_CONNECTION' && ongoing(socket) !== undefined) return;
    if (answered.has(socket)) return;
    answered.add(socket);
    if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
      socket.destroy();
      return;
    }
    const busy = ongoing(socket);
    const fault = httpFaultOf(error.code);
    const requestId = busy?.requestId ?? requestIdFrom(undefined);
    log.info({ event: 'http_fault', requestId, fault, parserCode: error.code }, 'fault below http');
    onFault(fault);
    const envelope = httpFaultEnvelope(fault);
    // A broken request that follows another on its connection was never read as far as its path.
    const known = busy !== undefined && !busy.request.complete;
    const shaped = known ? form(busy.request, envelope, requestId) : envelope;
    const answer = () => part(socket, shaped, requestId);

    if (busy === undefined || busy.response.writableFinished) {
      answer();
    } else if (busy.request.complete) {
      // A pipelined request is broken while an earlier one is still being answered: that one comes first.
      busy.response.once('close', answer);
    } else if (busy.response.headersSent) {
      // The answer is out already; what is broken is the rest of a body that nobody reads.
      busy.response.end();
      setTimeout(() => socket.destroy(), PARTING).unref();
    } else {
      answer();
    }
  };
}

/** Answers `CONNECT`, which Node hands over as a bare socket: this is no proxy. */
export function refuseTunnel(socket: Duplex, requestId: string): void {
  part(socket, httpFaultEnvelope('method', { allow: 'POST' }), requestId);
}

/**
 * Writes an answer straight to the socket, then closes: first our side, and everything once the other side
 * has read it.
 */
function part(socket: Duplex, envelope: Envelope, requestId: string): void {
  // The runtime no longer listens once it has handed a socket over (CONNECT).
  socket.on('error', () => socket.destroy());
  if (socket.destroyed || !socket.writable) {
    socket.destroy();
    return;
  }
  const body = envelopeBody(envelope);
  const extra = Object.entries(canonical(envelope.headers)).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(
    `HTTP/1.1 ${envelope.http} ${STATUS_CODES[envelope.http] ?? ''}\r\n` +
      `Content-Type: ${envelope.body?.contentType ?? CONTENT_TYPE}\r\nContent-Length: ${body.length}\r\n` +
      `X-Request-Id: ${requestId}\r\n${extra.join('')}Connection: close\r\n\r\n${body.toString('utf8')}`,
  );
  const timer = setTimeout(() => socket.destroy(), PARTING);
  socket.once('end', () => socket.destroy());
  socket.once('close', () => clearTimeout(timer));
  socket.resume();
}
