import type { Observer } from '../decision/observer.ts';
import { boundedValues } from './bounded.ts';
import { KNOWN_SERIES } from './known-series.ts';
import type { Kit } from './registry.ts';

/**
 * What is counted as it happens. Labels take their values from closed lists, and are bounded here once more.
 */
export function createObserver(kit: Kit): Observer {
  const code = boundedValues(100);
  const reason = boundedValues(300);
  const status = boundedValues(50);
  const step = boundedValues(20);
  const finding = boundedValues(100);

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
  const judgements = kit.histogram(
    'judgement_duration_seconds',
    'What a worker spent on a picture, waiting not included.',
    'judgement',
    ['profile'],
  );
  const steps = kit.counter('judgement_step_seconds_total', 'What workers spent on pictures, by step.', [
    'step',
  ]);
  const scores = kit.histogram('score', 'Scores of judged pictures, as the engine gave them.', 'score', [
    'verdict',
  ]);
  const reviews = kit.counter(
    'review_total',
    'Judgements for review: the networks do not back the verdict.',
    ['api', 'verdict'],
  );
  const findings = kit.counter('findings_total', 'Reasons that judgements carry, such as BLURRED.', [
    'finding',
  ]);
  const replies = kit.counter('http_replies_total', 'Replies on the service port, of any kind.', ['status']);
  const faults = kit.counter('http_faults_total', 'What came and was no HTTP request, or came too slowly.', [
    'fault',
  ]);
  const downloads = kit.counter('downloads_total', "Downloads of callers' urls that have ended.", [
    'outcome',
    'reason',
  ]);
  const downloaded = kit.counter('download_bytes_total', 'Bytes of the pictures that downloads brought.');
  const downloadDurations = kit.histogram(
    'download_duration_seconds',
    'Downloads, redirects and waiting for a place included.',
    'download',
    ['outcome'],
  );
  const reported = kit.counter(
    'download_reported_total',
    'What report-only mode let through and would else have been refused.',
    ['reason'],
  );
  const appends = kit.histogram(
    'ledger_append_duration_seconds',
    'Writing a row into the ledger, until it is on disk.',
    'ledger',
  );
  const appendFailures = kit.counter('ledger_append_failures_total', 'Rows that could not be written.');

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
  for (const labels of KNOWN_SERIES.reviews) reviews.inc(labels, 0);
  for (const labels of KNOWN_SERIES.refusals) refusals.inc(labels, 0);
  for (const labels of KNOWN_SERIES.downloads) downloads.inc(labels, 0);

  return {
    request(seen) {
      const { api, outcome, verdict, judgement, seconds } = seen;
      const answered = code(seen.code);
      requests.inc({ api, outcome, code: answered, verdict });
      durations.observe({ api, outcome }, seconds);
      if (seen.reason !== null) refusals.inc({ api, code: answered, reason: reason(seen.reason) });
      if (judgement === null) return;
      const { total, ...each } = judgement.milliseconds;
      if (total !== undefined) judgements.observe({ profile: judgement.profile }, total / 1000);
      for (const [name, spent] of Object.entries(each)) steps.inc({ step: step(name) }, spent / 1000);
      if (outcome !== 'judged') return;
      if (judgement.review) reviews.inc({ api, verdict });
      if (judgement.rawScore !== null) scores.observe({ verdict }, judgement.rawScore);
      for (const one of judgement.reasons) findings.inc({ finding: finding(one.code) });
    },
    reply: (sent) => replies.inc({ status: status(String(sent)) }),
    httpFault: (fault) => faults.inc({ fault }),
    download(event) {
      const { outcome, bytes, milliseconds } = event;
      const why = reason(event.reason ?? 'none');
      if (outcome === 'reported') return reported.inc({ reason: why });
      downloads.inc({ outcome, reason: why });
      downloaded.inc(bytes);
      downloadDurations.observe({ outcome }, milliseconds / 1000);
    },
    ledgerAppend(seconds, written) {
      appends.observe(seconds);
      if (!written) appendFailures.inc();
    },
    idempotencyShortened: (answers) => shortened.inc(answers),
    sessionStill: (answer) => stills.inc({ answer }),
    sessionEnded: (outcome, ended = 1) => sessions.inc({ outcome }, ended),
    webhookCalled: (end) => calls.inc({ end }),
  };
}
