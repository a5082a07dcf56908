import { Fault, reply } from '../errors.ts';

/** A reply of the old API before it is written: what goes into the status line, the body and the headers. */
export interface Envelope {
  readonly http: number;
  readonly code: number;
  readonly message: string;
  readonly data: Readonly<Record<string, string | number>>;
  /** Headers beyond those that every reply has. */
  readonly headers: Readonly<Record<string, string>>;
  /** What is written in place of code, message and data: replies of the v1 API. */
  readonly body?: { readonly contentType: string; readonly bytes: Buffer };
}

/** What every reply says of its body. */
export const contentType = 'application/json; charset=utf-8';

/** The body: compact JSON, members in the order code, message, data; or the reply's own. */
export function envelopeBody(envelope: Envelope): Buffer {
  const { code, message, data, body } = envelope;
  if (body !== undefined) return body.bytes;
  return Buffer.from(JSON.stringify({ code, message, data }), 'utf8');
}

/** The envelope of a refusal or failure; anything that is not a `Fault` is a fault of our own, code 213. */
export function faultEnvelope(error: unknown): Envelope {
  const fault = asFault(error);
  const { http, code, message, retryAfter } = reply(fault);
  const headers: Record<string, string> = {};
  if (retryAfter !== undefined) headers['retry-after'] = String(retryAfter);
  // Why a picture was refused helps its owner; why a signature was refused would help whoever tries to forge one.
  if (aboutThePicture.has(code) && isReasonConstant(fault.reason))
    headers['x-liveness-reason'] = fault.reason;
  return { http, code, message, data: {}, headers };
}

/** The `Fault` itself, or what an unexpected error becomes: code 213, the error kept as its cause for the log. */
export function asFault(error: unknown): Fault {
  if (error instanceof Fault) return error;
  return new Fault(213, 'internal', error instanceof Error ? error.message : String(error), { cause: error });
}

/** Codes that say something of the picture: no face, not decoded, not there or not downloaded. */
const aboutThePicture: ReadonlySet<number> = new Set([-4015, -4016, -5805]);

/** A short constant that may stand in a header. */
function isReasonConstant(reason: string): boolean {
  return /^[A-Za-z0-9_]{1,64}$/.test(reason);
}
