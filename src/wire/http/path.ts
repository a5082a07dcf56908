import type { IncomingMessage } from 'node:http';
import { revivedFault } from '../../faults.ts';
import type { Envelope } from './envelope.ts';
import { chooseLanguage } from '../v1/language.ts';
import { asProblem, problemEnvelope } from '../v1/problems.ts';

/** The path of a request's target, also where a proxy's client sends the absolute form (RFC 9112 §3.2.2). */
export function pathOf(target: string): string {
  return target.replace(/^https?:\/\/[^/?]*/i, '').split('?', 1)[0] ?? '';
}

/** Whether a request belongs to the v1 API: everything under `/v1`, paths that do not exist included. */
export function isV1(target: string | undefined): boolean {
  const path = pathOf(target ?? '');
  return path === '/v1' || path.startsWith('/v1/');
}

/**
 * A reply in the form of the API its request was for: faults of the transport are written for the old API, and become
 * problems on the paths of the v1 API.
 */
export function inFormOf(request: IncomingMessage, envelope: Envelope, requestId: string): Envelope {
  if (envelope.body !== undefined || envelope.kind === null || !isV1(request.url)) return envelope;
  const fault = revivedFault({ kind: envelope.kind, reason: 'transport', message: '' });
  const language = chooseLanguage(request.headers['accept-language']);
  return problemEnvelope(asProblem(fault, envelope.headers), language, requestId);
}
