import { stageSpans } from '../../traces/judging.ts';
import type { Attributes, Work } from '../../traces/types.ts';
import { pathOf } from '../http/path.ts';
import type { Ended } from './note-refusal.ts';
import type { RequestSeen } from './observer.ts';

/** The path without what differs from call to call. */
const routeOf = (url: string): string =>
  pathOf(url)
    .replace(/^\/v1\/sessions\/[^/]+/, '/v1/sessions/{sessionId}')
    .replace(/^\/v1\/batches\/[^/]+/, '/v1/batches/{batchId}');

/**
 * A request as its spans tell of it: what it was and how long it took in each stage. Nothing of who called
 * (but the app, where that is asked for), whose picture it was or what came of it for that person. Names of
 * attributes are those of OpenTelemetry's semantic conventions for HTTP where they have one.
 */
export function tracedWork(
  { exchange, facts, envelope }: Ended,
  seen: RequestSeen,
  namesApps: boolean,
): Work {
  const { request, startedAt } = exchange;
  const { api, outcome, code, reason, seconds } = seen;
  const method = request.method ?? '';
  const route = routeOf(request.url ?? '');
  const { judgement, stages, appid, pictureBytes } = facts;
  const to = startedAt + seconds * 1000;
  const attributes: Attributes = {
    'http.request.method': method,
    'http.route': route,
    'livestill.api': api,
    'livestill.outcome': outcome,
    'livestill.code': code,
    ...(envelope === null ? {} : { 'http.response.status_code': envelope.http }),
    ...(reason === null ? {} : { 'error.type': reason }),
    ...(judgement === undefined ? {} : { 'livestill.profile': judgement.profile }),
    ...(pictureBytes === undefined ? {} : { 'livestill.picture_bytes': pictureBytes }),
    ...(namesApps && appid !== undefined ? { 'livestill.app': appid } : {}),
  };
  const header = request.headers.traceparent;
  return {
    name: `${method} ${route}`,
    kind: 'server',
    from: startedAt,
    to,
    attributes,
    failed: outcome === 'failed' || outcome === 'busy',
    traceparent: typeof header === 'string' ? header : undefined,
    parts: stageSpans(stages?.until(to) ?? [], stepsOf(facts)),
  };
}

/** The same of a request that asks for no judgement: one span, of which no stages are known. */
export function tracedRequest(ended: Ended, seen: RequestSeen, namesApps: boolean): Work {
  const { attributes, ...work } = tracedWork(ended, seen, namesApps);
  const outcome = seen.outcome === 'judged' ? 'answered' : seen.outcome;
  return { ...work, attributes: { ...attributes, 'livestill.outcome': outcome }, parts: [] };
}

/** What the worker spent, where one picture was judged. */
function stepsOf({ judgement, isTogether }: Ended['facts']): Readonly<Record<string, number>> | null {
  return judgement === undefined || isTogether === true ? null : judgement.milliseconds;
}
