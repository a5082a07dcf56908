import type { FastifyInstance } from 'fastify';
import { Fault } from '../../faults.ts';
import { chooseLanguage } from '../v1/language.ts';
import { asProblem, problemEnvelope } from '../v1/problems.ts';

/**
 * Has an area answer what the service itself refuses (a picture, a full queue, a request of another form)
 * as the v1 API does; every other error goes to the admin API's own handler.
 */
export function answerFaultsAsV1(app: FastifyInstance): void {
  app.setErrorHandler((error, request, reply) => {
    if (!(error instanceof Fault) || error.area === 'store') throw error;
    const language = chooseLanguage(request.headers['accept-language']);
    const { http, headers, body } = problemEnvelope(asProblem(error), language, request.id);
    return reply
      .code(http)
      .headers(headers)
      .type(body?.contentType ?? '')
      .send(body?.bytes);
  });
}
