import { hostname } from 'node:os';
import type { Logger } from 'pino';
import type { Config } from '../../config/load.ts';
import type { Fleet } from '../../fleet/fleet.ts';
import type { ExportDeps } from '../../jobs/exports.ts';
import { createPictureReader } from '../../jobs/pictures.ts';
import type { BatchStore } from '../../jobs/types.ts';
import type { WebhookDeps } from '../../jobs/webhook.ts';
import type { WorkerDeps } from '../../jobs/worker.ts';
import { createDownloader } from '../../picture/download/download.ts';
import { createPoster } from '../../picture/download/post.ts';
import type { ObjectStore } from '../../storage/types.ts';
import type { Store } from '../../store/open.ts';
import type { Traces } from '../../traces/types.ts';
import { batchSecretOf } from '../../webhook/sign.ts';
import type { WorkerObserver } from '../../wire/metrics/worker.ts';
import { batchRecord, groupRecord } from './record.ts';

/** Pictures that are read ahead, so that no process waits for a disk. */
const AHEAD = 2;
/** How often it looks for work where there was none, in ms. */
const POLL_MS = 1000;

/** What a process that works on batches is put together from. */
export interface WorkerParts {
  readonly store: Store;
  readonly batches: BatchStore;
  readonly fleet: Fleet;
  readonly traces: Traces | undefined;
  readonly objects: ObjectStore | null;
  /** Counts what happens; none: there is no page. */
  readonly observer: WorkerObserver | undefined;
}

/** What chunks are worked on with. */
export function chunkDepsOf(config: Config, log: Logger, parts: WorkerParts): WorkerDeps {
  const { store, fleet, traces, objects, observer } = parts;
  const downloader = createDownloader({
    ...config.download,
    maxBytes: config.picture.maxBytes,
    ...(observer === undefined ? {} : { observe: observer.download }),
  });
  return {
    batches: observer === undefined ? parts.batches : observedBatches(parts.batches, observer),
    ...(observer === undefined ? {} : { onJudged: observer.judged }),
    traces,
    judge: fleet,
    pictures: createPictureReader(config.batch.picturesDir, downloader, objects),
    threshold: config.threshold,
    profile: fleet.profile,
    recordOf: batchRecord(fleet.models),
    recordOfGroup: groupRecord(fleet.models),
    atOnce: fleet.workers + AHEAD,
    leaseMs: config.batch.leaseMs,
    pollMs: POLL_MS,
    name: `${hostname()}:${process.pid}`,
    async findApp(appid) {
      const app = await store.accounts.findApp(appid);
      return app === null ? null : { app, rules: await store.rules.findRules(appid) };
    },
    onTrouble: (err) => log.error({ event: 'batch_trouble', err }, 'trouble with batches; trying again'),
    onChunk: ({ batchId, chunk, rows }, end) => {
      observer?.chunkEnded(end);
      log.info({ event: 'batch_chunk', batchId, chunk, rows: rows.length, end }, 'a chunk is over');
    },
    onSetAside: ({ batchId, row }) =>
      log.error(
        { event: 'batch_set_aside', batchId, row },
        'a picture that workers are lost over was set aside',
      ),
    onPaused: ({ batchId, appid }, why) =>
      log.warn({ event: 'batch_paused', batchId, appid, why }, 'a batch was paused'),
  };
}

/** The same batches; the observer hears of each write of results, which the ledger's rows are part of. */
function observedBatches(
  batches: BatchStore,
  { ledgerAppend }: Pick<WorkerObserver, 'ledgerAppend'>,
): BatchStore {
  return {
    ...batches,
    async record(...given) {
      const since = performance.now();
      let written = false;
      try {
        const state = await batches.record(...given);
        written = true;
        return state;
      } finally {
        ledgerAppend((performance.now() - since) / 1000, written);
      }
    },
  };
}

/** What results are written with; null where this process knows no storage. */
export function exportsOf(log: Logger, { batches, objects, observer }: WorkerParts): ExportDeps | null {
  if (objects === null) return null;
  return {
    batches,
    objects,
    pollMs: POLL_MS,
    onWritten: ({ batchId }, ended, why) => {
      observer?.resultsWritten(ended);
      log[ended === 'written' ? 'info' : 'warn'](
        { event: 'batch_results', batchId, ended, why },
        'results written',
      );
    },
    onTrouble: (err) => log.error({ event: 'batch_trouble', err }, 'trouble with results; trying again'),
  };
}

/** What webhooks are called with; null where this process has no key to sign with. */
export function webhooksOf(
  config: Config,
  log: Logger,
  { batches, observer, traces }: WorkerParts,
): WebhookDeps | null {
  const secretOf = batchSecretOf(config);
  if (secretOf === null) return null;
  return {
    batches,
    poster: createPoster({ ...config.download, maxBytes: config.picture.maxBytes }),
    secretOf,
    traces,
    clock: () => Date.now(),
    pollMs: POLL_MS,
    onCalled: ({ batchId }, ended, why) => {
      observer?.webhookCalled(ended);
      log[ended === 'delivered' ? 'info' : 'warn'](
        { event: 'batch_webhook', batchId, ended, why },
        'webhook called',
      );
    },
    onTrouble: (err) => log.error({ event: 'batch_trouble', err }, 'trouble with webhooks; trying again'),
  };
}
