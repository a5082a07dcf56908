import type { Observer } from '../decision/observer.ts';
import { boundedValues } from './bounded.ts';
import { createJudgingCounters } from './judged.ts';
import { KNOWN_SERIES } from './known-series.ts';
import type { Kit } from './registry.ts';

/**
 * What is counted as it happens. Labels take their values from closed lists, and are bounded here once more.
 */
export function createObserver(kit: Kit): Observer {
  const code = boundedValues(100);
  const reason = boundedValues(300);
  const status = boundedValues(50);
  const judging = createJudgingCounters(kit);

  const requests = kit.counter('requests_total', 'Requests for a judgement that have ended.', [
    'api',
    'outcome',
    'code',
    'verdict',
  ]);
  const refusals = kit.counter(
    'refusals_total',
    'Requests for a judgement that were refused, found no room or failed, with the reason that stands in the log.',
    ['api', 'code', 'reason'],
  );
  const durations = kit.histogram(
    'request_duration_seconds',
    'From the headers of a request for a judgement to its answer.',
    'request',
    ['api', 'outcome'],
  );
  const replies = kit.counter('http_replies_total', 'Replies on the service port, of any kind.', ['status']);
  const faults = kit.counter('http_faults_total', 'What came and was no HTTP request, or came too slowly.', [
    'fault',
  ]);
  const shortened = kit.counter(
    'idempotency_shortened_total',
    "Kept answers forgotten before 24 hours were over, since an app's share was full.",
  );

  const stills = kit.counter('session_stills_total', 'Stills of sessions by what their page was answered.', [
    'answer',
  ]);
  const sessions = kit.counter('sessions_ended_total', 'Sessions that ended on this node, by outcome.', [
    'outcome',
  ]);
  const calls = kit.counter('webhook_calls_total', 'Calls of webhooks of sessions by how they ended.', [
    'end',
  ]);
  for (const answer of KNOWN_SERIES.stills) stills.inc({ answer }, 0);
  for (const outcome of KNOWN_SERIES.sessions) sessions.inc({ outcome }, 0);
  for (const end of KNOWN_SERIES.webhooks) calls.inc({ end }, 0);
  for (const labels of KNOWN_SERIES.requests) requests.inc(labels, 0);
  for (const labels of KNOWN_SERIES.durations) durations.zero(labels);
  for (const labels of KNOWN_SERIES.refusals) refusals.inc(labels, 0);

  return {
    request(seen) {
      const { api, outcome, verdict, judgement, seconds } = seen;
      const answered = code(seen.code);
      requests.inc({ api, outcome, code: answered, verdict });
      durations.observe({ api, outcome }, seconds);
      if (seen.reason !== null) refusals.inc({ api, code: answered, reason: reason(seen.reason) });
      if (judgement === null) return;
      judging.spent(judgement);
      if (outcome === 'judged') judging.given(judgement, api, verdict);
    },
    reply: (sent) => replies.inc({ status: status(String(sent)) }),
    httpFault: (fault) => faults.inc({ fault }),
    download: judging.download,
    ledgerAppend: judging.ledgerAppend,
    idempotencyShortened: (answers) => shortened.inc(answers),
    sessionStill: (answer) => stills.inc({ answer }),
    sessionEnded: (outcome, ended = 1) => sessions.inc({ outcome }, ended),
    webhookCalled: (end) => calls.inc({ end }),
  };
}
