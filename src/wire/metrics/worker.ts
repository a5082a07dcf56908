import type { QueueDepth } from '../../jobs/types.ts';
import type { CallHealth, StoreHealth } from '../../ledger/store-health.ts';
import type { Judgement } from '../../liveness/types.ts';
import type { DownloadEvent } from '../../picture/types.ts';
import type { SpanCounts } from '../../traces/types.ts';
import { watchBatches } from './batches.ts';
import { type FleetSeen, watchFleet } from './fleet.ts';
import { createJudgingCounters } from './judged.ts';
import { KNOWN_SERIES } from './known-series.ts';
import { type MetricsOptions, type MetricsPage, openPage } from './page.ts';
import { watchTraces } from './spans.ts';
import { watchRedis, watchStore } from './store.ts';

/** How a chunk ended for the process that had it. */
export type ChunkEnd = (typeof KNOWN_SERIES.chunks)[number];
/** How a try of calling a webhook ended. */
export type CallEnd = (typeof KNOWN_SERIES.webhooks)[number];
/** How a try of writing results ended. */
export type ResultsEnd = (typeof KNOWN_SERIES.results)[number];

/** Called with what happens in a process that works on batches; it never throws and never waits. */
export interface WorkerObserver {
  /** A picture was judged. */
  judged(judgement: Judgement): void;
  download(event: DownloadEvent): void;
  /** Results and their rows of the ledger were to be written, and so long it took. */
  ledgerAppend(seconds: number, written: boolean): void;
  chunkEnded(end: ChunkEnd): void;
  /** The webhook of a batch was called. */
  webhookCalled(end: CallEnd): void;
  /** The results of a batch were to be written to storage. */
  resultsWritten(end: ResultsEnd): void;
}

/** What is looked at whenever the page is asked for. */
export interface WorkerWatched {
  readonly fleet: FleetSeen;
  /** The batches of the whole installation, as last looked at. */
  readonly batches: () => QueueDepth | null;
  readonly store: StoreHealth | null;
  readonly redis: CallHealth | null;
  /** What became of spans; without it none are made. */
  readonly traces: SpanCounts | undefined;
}

export interface WorkerMetrics extends MetricsPage {
  readonly observer: WorkerObserver;
  /** Adds the figures of what stands by now. */
  watch(watched: WorkerWatched): void;
  stop(): void;
}

/**
 * The figures of a process that works on batches: those of the service under the same names where it does the
 * same, none of requests, since it takes none.
 */
export function createWorkerMetrics(options: MetricsOptions): WorkerMetrics {
  const { kit, ...page } = openPage('worker', options);
  const judging = createJudgingCounters(kit);
  const counter = (name: string, help: string, ends: readonly string[]) => {
    const made = kit.counter(name, help, ['end']);
    for (const end of ends) made.inc({ end }, 0);
    return made;
  };
  const chunks = counter(
    'batch_chunks_ended_total',
    'Chunks of batches that this process had, by how they ended for it.',
    KNOWN_SERIES.chunks,
  );
  const calls = counter(
    'batch_webhook_calls_total',
    'Calls of webhooks of batches by how they ended.',
    KNOWN_SERIES.webhooks,
  );
  const results = counter(
    'batch_results_writes_total',
    'Results of batches that were to be written to storage, by how that ended.',
    KNOWN_SERIES.results,
  );
  const quietly =
    <Given extends unknown[]>(count: (...given: Given) => void) =>
    (...given: Given): void => {
      try {
        count(...given);
      } catch (error) {
        options.onTrouble(error);
      }
    };
  return {
    ...page,
    observer: {
      judged: quietly((judgement: Judgement) => {
        judging.spent(judgement);
        // As in the ledger: batches are calls of the v1 API.
        judging.given(judgement, 'v1', judgement.verdict);
      }),
      download: quietly(judging.download),
      ledgerAppend: quietly(judging.ledgerAppend),
      chunkEnded: quietly((end: ChunkEnd) => chunks.inc({ end })),
      webhookCalled: quietly((end: CallEnd) => calls.inc({ end })),
      resultsWritten: quietly((end: ResultsEnd) => results.inc({ end })),
    },
    watch({ fleet, batches, store, redis, traces }) {
      watchFleet(kit, fleet);
      watchBatches(kit, batches);
      if (store !== null) watchStore(kit, store);
      if (redis !== null) watchRedis(kit, redis);
      if (traces !== undefined) watchTraces(kit, traces);
    },
  };
}
