import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import type { Arrivals } from './arrivals.ts';
import { createCallerAddress, type ProxySettings } from './caller-address.ts';
import type { Connections } from './connections.ts';
import { type CorsSettings, corsHeaders } from './cors.ts';
import { refuseEarly } from './early.ts';
import { type Envelope, faultEnvelope } from './envelope.ts';
import { exchangeOf } from './exchange.ts';
import type { Face, Faces } from './face.ts';
import type { FailedTries } from './failed-tries.ts';
import { respond } from './respond.ts';
import type { TransportSettings } from './transport-settings.ts';

/** What the server is doing. */
export interface Work {
  /** Requests that are being answered. */
  running: number;
  /** Whether nothing new is taken any more. */
  draining: boolean;
  /** Requests whose callers wait for a word before they send the body. */
  readonly waiting: WeakSet<IncomingMessage>;
}

/** What requests are answered with. */
export interface Answering {
  readonly settings: ProxySettings & { readonly cors: CorsSettings; readonly transport: TransportSettings };
  readonly arrivals: Arrivals;
  readonly connections: Connections;
  readonly faces: Faces;
  readonly log: Logger;
  readonly requestId: (request: IncomingMessage) => string;
  readonly failedTries?: FailedTries | undefined;
  readonly work: Work;
}

/** A request that has arrived, and where its answer goes. */
interface Arrived {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly requestId: string;
}

/**
 * Has every request answered by the API that owns its path. @returns what to call with each request; it never
 * throws
 */
export function answerRequests(
  parts: Answering,
): (request: IncomingMessage, response: ServerResponse) => void {
  const { arrivals, connections, faces, settings, log, work } = parts;
  const { transport, cors } = settings;
  const callerOf = createCallerAddress(settings);
  const callerAddress = ({ headers, socket }: IncomingMessage) => callerOf(headers, socket.remoteAddress);

  const send = ({ request, response, requestId }: Arrived, envelope: Envelope, close = false): void => {
    const closes = respond(request, response, envelope, {
      requestId,
      headers: corsHeaders(cors, request.headers),
      form: faces.form,
      close: close || work.draining,
      linger: transport.linger,
    });
    // RFC 9112 §9.6: nothing behind the last answer is worked on. It could only be what a refused request
    // smuggled in.
    if (closes) arrivals.endAt(request);
  };
  /** The answer to a path or method that does not exist, or the one to an address that failed too often. */
  const countedTry = (request: IncomingMessage, envelope: Envelope): Envelope => {
    if (envelope.kind !== 'path_unknown' && envelope.kind !== 'method_not_allowed') return envelope;
    const over = parts.failedTries?.fail(callerAddress(request));
    return over ? faultEnvelope(over) : envelope;
  };
  const fail = (arrived: Arrived, error: unknown): void => {
    log.error({ event: 'unexpected', requestId: arrived.requestId, err: error }, 'unexpected error');
    send(arrived, faultEnvelope(error));
  };
  const serve = async (arrived: Arrived, face: Face): Promise<void> => {
    work.running++;
    try {
      const { request, response, requestId } = arrived;
      const known = { requestId, callerAddress: callerAddress(request), waiting: work.waiting };
      const envelope = await face.handle(exchangeOf(request, response, known));
      if (envelope !== null) send(arrived, envelope);
    } catch (error) {
      fail(arrived, error);
    } finally {
      work.running--;
    }
  };
  const route = (arrived: Arrived): void => {
    const { request, response, requestId } = arrived;
    connections.begin({ requestId, request, response });
    const face = faces.of(request);
    const { draining } = work;
    const refusal = refuseEarly(request, face, { maxHeaders: transport.maxHeaders, draining });
    // What somebody else may read differently (400) is the last thing on its connection.
    if (refusal !== null) send(arrived, countedTry(request, refusal), refusal.http === 400);
    else if (face !== undefined) void serve(arrived, face);
  };
  return (request, response) => {
    const arrived = { request, response, requestId: parts.requestId(request) };
    try {
      route(arrived);
    } catch (error) {
      fail(arrived, error);
    }
  };
}
