import type { Api, Outcome } from '../decision/observer.ts';

const request = (api: Api, outcome: Outcome, code: string, verdict: string) => ({
  api,
  outcome,
  code,
  verdict,
});
const refusal = (api: Api, code: string, reason: string) => ({ api, code, reason });

const APIS = ['legacy', 'v1'] as const;
const VERDICTS = ['live', 'attack', 'poor_quality'] as const;
const FULL = ['queue_full', 'queue_share', 'queue_overdue', 'body_memory', 'body_share'] as const;

/**
 * Series that are there with 0 from the start. A counter that first appears with its first event is no
 * increase to Prometheus, so what alerts and the first chart look at must be there before it happens.
 */
export const KNOWN_SERIES = {
  requests: [
    ...VERDICTS.map((verdict) => request('legacy', 'judged', '0', verdict)),
    request('legacy', 'judged', '-4015', 'no_face'),
    ...[...VERDICTS, 'no_face'].map((verdict) => request('v1', 'judged', 'ok', verdict)),
    ...['107', '108', '213'].map((code) => request('legacy', 'failed', code, 'none')),
    ...['store_unavailable', 'internal_error'].map((code) => request('v1', 'failed', code, 'none')),
    request('legacy', 'busy', '-5802', 'none'),
    request('v1', 'busy', 'overloaded', 'none'),
    ...APIS.map((api) => request(api, 'aborted', 'aborted', 'none')),
  ],
  durations: APIS.map((api) => ({ api, outcome: 'judged' })),
  reviews: APIS.flatMap((api) => (['live', 'attack'] as const).map((verdict) => ({ api, verdict }))),
  refusals: FULL.flatMap((reason) => [
    refusal('legacy', '-5802', reason),
    refusal('v1', 'overloaded', reason),
  ]),
  downloads: [
    { outcome: 'fetched', reason: 'none' },
    { outcome: 'aborted', reason: 'none' },
  ],
  stills: ['more', 'again', 'accepted', 'ended', 'refused'],
  sessions: ['live', 'attack', 'review', 'unfit', 'expired', 'exhausted', 'cancelled'],
  webhooks: ['delivered', 'retry', 'given_up'],
  chunks: ['finished', 'given_back', 'lost'],
  results: ['written', 'retry', 'given_up'],
  lost: { worker_crashed: 0, worker_stuck: 0, worker_memory: 0, worker_grown: 0 },
} as const;
