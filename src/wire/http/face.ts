import type { IncomingMessage } from 'node:http';
import type { Envelope } from './envelope.ts';
import type { Exchange } from './exchange.ts';
import { pathOf } from './path.ts';

/** A fault, written in the form that callers of a request's path expect. */
export type Form = (request: IncomingMessage, fault: Envelope, requestId: string) => Envelope;

/**
 * One API on the service port: which paths are its own, how a request is answered, and how a fault that it
 * never sees is told.
 */
export interface Face {
  /** Whether a path, without the query, is this API's; paths that do not exist within it included. */
  owns(path: string): boolean;
  /** What is refused, or answered, before anything looks at the body; null lets the request through. */
  early?(request: IncomingMessage): Envelope | null;
  /** Answers one request; null when its caller went away. Never throws. */
  handle(exchange: Exchange): Promise<Envelope | null>;
  /** Without it, faults are told as the old call does. */
  readonly form?: Form;
}

/** The APIs of a server. */
export interface Faces {
  /** The API that a request is for; undefined where there is none. */
  of(request: IncomingMessage): Face | undefined;
  readonly form: Form;
}

/** Mounts the APIs of a server: the first that owns a path answers it. */
export function mount(faces: readonly Face[]): Faces {
  const of = (request: IncomingMessage) => {
    const path = pathOf(request.url ?? '');
    return faces.find((face) => face.owns(path));
  };
  return {
    of,
    form(request, fault, requestId) {
      if (fault.kind === null || fault.body !== undefined) return fault;
      return of(request)?.form?.(request, fault, requestId) ?? fault;
    },
  };
}
