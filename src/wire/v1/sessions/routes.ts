import { SESSION_ID } from '../../../session/secrets.ts';
import type { Route } from '../route.ts';
import { answerNewSession } from './create.ts';
import type { SessionDeps } from './deps.ts';
import { pagePreflight } from './page.ts';
import { answerCancel, answerSession } from './read.ts';
import { answerStart, answerStill } from './upload.ts';

/** Finds the route of a path of sessions; undefined where it is none. */
export function sessionRoutes(deps: SessionDeps): (path: string) => Route | undefined {
  const create: Route = {
    methods: ['POST'],
    logged: true,
    traced: true,
    answer: (exchange, language, notes) => answerNewSession(deps, exchange, language, notes),
  };
  return (path) => {
    if (path === '/v1/sessions') return create;
    const [, sessionId = '', call = ''] = /^\/v1\/sessions\/([^/]{1,64})(?:\/(\w{1,10}))?$/.exec(path) ?? [];
    if (!SESSION_ID.test(sessionId)) return undefined;
    switch (call) {
      case '':
        return {
          methods: ['GET'],
          logged: true,
          answer: (...given) => answerSession(deps, ...given, sessionId),
        };
      case 'cancel':
        return {
          methods: ['POST'],
          logged: true,
          answer: (...given) => answerCancel(deps, ...given, sessionId),
        };
      case 'start':
        return {
          methods: ['POST'],
          logged: true,
          answer: (...given) => answerStart(deps, ...given, sessionId),
          preflight: (exchange) => pagePreflight(deps, exchange, sessionId),
        };
      case 'stills':
        return {
          methods: ['POST'],
          logged: true,
          judges: true,
          answer: (...given) => answerStill(deps, ...given, sessionId),
          preflight: (exchange) => pagePreflight(deps, exchange, sessionId),
        };
      default:
        return undefined;
    }
  };
}
