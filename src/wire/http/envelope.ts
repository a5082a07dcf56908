import { asFault, type FaultKind, type FaultReason } from '../../faults.ts';
import { codeOf, reply } from '../legacy/codes/codes.ts';

/** A reply before it is written: what goes into the status line, the body and the headers. */
export interface Envelope {
  readonly http: number;
  /** What failed; null: nothing did. */
  readonly kind: FaultKind | null;
  readonly message: string;
  readonly data: Readonly<Record<string, string | number>>;
  /** Headers beyond those that every reply has. */
  readonly headers: Readonly<Record<string, string>>;
  /** What is written in place of code, message and data: replies of the v1 API. */
  readonly body?: { readonly contentType: string; readonly bytes: Buffer };
}

/** What every reply says of its body. */
export const CONTENT_TYPE = 'application/json; charset=utf-8';

/** The body: compact JSON, members in the order code, message, data; or the reply's own. */
export function envelopeBody(envelope: Envelope): Buffer {
  const { kind, message, data, body } = envelope;
  if (body !== undefined) return body.bytes;
  return Buffer.from(JSON.stringify({ code: codeOf(kind), message, data }), 'utf8');
}

/** The envelope of a refusal or failure; anything that is not a `Fault` is `internal`. */
export function faultEnvelope(error: unknown): Envelope {
  const fault = asFault(error);
  const { http, message, retryAfter } = reply(fault);
  const headers: Record<string, string> = {};
  if (retryAfter !== undefined) headers['retry-after'] = String(retryAfter);
  // Why a picture was refused helps its owner; why a signature was refused would help whoever tries to forge
  // one.
  const isAboutPicture = fault.area === 'picture' || fault.area === 'source';
  if (isAboutPicture && isReasonConstant(fault.reason)) headers['x-liveness-reason'] = fault.reason;
  return { http, kind: fault.kind, message, data: {}, headers };
}

/** A short constant that may stand in a header. */
function isReasonConstant(reason: FaultReason): boolean {
  return /^[A-Za-z0-9_]{1,64}$/.test(reason);
}
