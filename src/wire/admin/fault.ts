import type { FastifyReply, FastifyRequest } from 'fastify';
import { CONTENT_TYPE, envelopeBody, faultEnvelope } from '../http/envelope.ts';
import { type HttpFault, httpFaultEnvelope } from '../http/http-faults.ts';
import { canonical } from '../http/respond.ts';

/**
 * Answers a fault in the form of the old call: what kept a request from a route, or what a route threw.
 * Behind a request that names no host, or more than one, nothing more is read from the connection.
 */
export function answerFault(
  request: FastifyRequest,
  reply: FastifyReply,
  fault: HttpFault | Error,
): FastifyReply {
  const envelope = fault instanceof Error ? faultEnvelope(fault) : httpFaultEnvelope(fault);
  const headers = {
    'content-type': CONTENT_TYPE,
    'cache-control': 'no-store',
    'x-request-id': request.id,
    ...envelope.headers,
    ...(fault === 'no_host' ? { connection: 'close' } : {}),
  };
  return reply.code(envelope.http).headers(canonical(headers)).send(envelopeBody(envelope));
}
