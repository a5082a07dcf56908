import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Envelope } from '../http/envelope.ts';
import { chooseLanguage } from '../v1/language.ts';
import { asProblem, problemEnvelope } from '../v1/problems.ts';

/** Answers a fault on the admin API as a problem (RFC 9457), as the v1 API does. */
export function answerProblem(request: FastifyRequest, reply: FastifyReply, error: unknown): FastifyReply {
  const language = chooseLanguage(request.headers['accept-language']);
  return sendEnvelope(request, reply, problemEnvelope(asProblem(error), language, request.id));
}

/** Sends an envelope that has a body of its own. */
export function sendEnvelope(request: FastifyRequest, reply: FastifyReply, envelope: Envelope): FastifyReply {
  const { http, headers, body } = envelope;
  return reply
    .code(http)
    .headers({ ...headers, 'x-request-id': request.id, 'cache-control': 'no-store' })
    .type(body?.contentType ?? 'application/json; charset=utf-8')
    .send(body?.bytes ?? Buffer.from('{}'));
}
