import type { Judgement, Verdict } from '../../liveness/types.ts';
import type { DownloadEvent } from '../../picture/types.ts';
import type { Api } from '../decision/observer.ts';
import { boundedValues } from './bounded.ts';
import { KNOWN_SERIES } from './known-series.ts';
import type { Kit } from './registry.ts';

/** What service and workers count alike: judging, fetching and writing down. */
export interface JudgingCounters {
  /** What a worker spent on a picture, whether it was answered or not. */
  spent(judgement: Judgement): void;
  /** What a judgement that was given says. */
  given(judgement: Judgement, api: Api, verdict: Verdict | 'none'): void;
  download(event: DownloadEvent): void;
  ledgerAppend(seconds: number, written: boolean): void;
}

/** Adds the figures of judging, of downloads and of the ledger to a page. */
export function createJudgingCounters(kit: Kit): JudgingCounters {
  const { spent, given } = createJudgements(kit);
  const download = createDownloads(kit);
  const appends = kit.histogram(
    'ledger_append_duration_seconds',
    'Writing into the ledger, until it is on disk.',
    'ledger',
  );
  const appendFailures = kit.counter('ledger_append_failures_total', 'Writes into the ledger that failed.');
  return {
    spent,
    given,
    download,
    ledgerAppend(seconds, written) {
      appends.observe(seconds);
      if (!written) appendFailures.inc();
    },
  };
}

function createJudgements(kit: Kit): Pick<JudgingCounters, 'spent' | 'given'> {
  const step = boundedValues(20);
  const finding = boundedValues(100);
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
  for (const labels of KNOWN_SERIES.reviews) reviews.inc(labels, 0);
  return {
    spent({ milliseconds: { total, ...each }, profile }) {
      if (total !== undefined) judgements.observe({ profile }, total / 1000);
      for (const [name, spent] of Object.entries(each)) steps.inc({ step: step(name) }, spent / 1000);
    },
    given({ review, rawScore, reasons }, api, verdict) {
      if (review) reviews.inc({ api, verdict });
      if (rawScore !== null) scores.observe({ verdict }, rawScore);
      for (const one of reasons) findings.inc({ finding: finding(one.code) });
    },
  };
}

function createDownloads(kit: Kit): JudgingCounters['download'] {
  const reason = boundedValues(300);
  const downloads = kit.counter('downloads_total', "Downloads of callers' urls that have ended.", [
    'outcome',
    'reason',
  ]);
  const downloaded = kit.counter('download_bytes_total', 'Bytes of the pictures that downloads brought.');
  const durations = kit.histogram(
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
  for (const labels of KNOWN_SERIES.downloads) downloads.inc(labels, 0);
  return ({ outcome, bytes, milliseconds, reason: why }) => {
    const said = reason(why ?? 'none');
    if (outcome === 'reported') return reported.inc({ reason: said });
    downloads.inc({ outcome, reason: said });
    downloaded.inc(bytes);
    durations.observe({ outcome }, milliseconds / 1000);
  };
}
