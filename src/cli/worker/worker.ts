import { hostname } from 'node:os';
import type { Command } from 'commander';
import type { Logger } from 'pino';
import { type Config, loadConfig } from '../../config/load.ts';
import { collectGarbageLater } from '../../fleet/garbage.ts';
import { type ExportDeps, exportOne, runExports } from '../../jobs/exports.ts';
import { createPictureReader } from '../../jobs/pictures.ts';
import { callOne, runWebhooks, type WebhookDeps } from '../../jobs/webhook.ts';
import { runWorker, type WorkerDeps } from '../../jobs/worker.ts';
import { createDownloader } from '../../picture/download/download.ts';
import { createPoster } from '../../picture/download/post.ts';
import type { ObjectStore } from '../../storage/types.ts';
import type { Store } from '../../store/open.ts';
import type { Traces } from '../../traces/types.ts';
import { batchSecretOf } from '../../webhook/sign.ts';
import { createLog } from '../../wire/http/log.ts';
import { humanLog } from '../serve/human-log.ts';
import { createLogOutput, logFileOf } from '../serve/log-output.ts';
import { openStoreOf } from '../serve/store.ts';
import { checkProfiles, startFleetOf } from '../serve/workers.ts';
import { numberWithin } from '../shared/arguments.ts';
import { EXIT_STATUS } from '../shared/exit-status.ts';
import { objectsOf } from '../shared/objects.ts';
import { explainErrors } from '../shared/outcome.ts';
import { say } from '../shared/printable.ts';
import { tracesOf } from '../shared/traces.ts';
import { needsPostgres } from './needs-postgres.ts';
import { batchRecord, groupRecord } from './record.ts';

interface WorkerOptions {
  readonly data?: string;
  readonly config?: string;
  readonly workers?: number;
  readonly once?: boolean;
}

/** Pictures that are read ahead, so that no process waits for a disk. */
const AHEAD = 2;
/** How often it looks for work where there was none, in ms. */
const POLL_MS = 1000;

/** Adds `livestill worker` to the program. */
export function registerWorker(program: Command): void {
  program
    .command('worker')
    .description('judge the pictures of batches, with any number of other machines')
    .option('--data <folder>', 'data folder (default: dataDir of the configuration, "data")')
    .option('--config <file>', 'configuration file (default: the one LIVESTILL_CONFIG names)')
    .option(
      '--workers <number>',
      'worker processes that judge (default: one a processor)',
      numberWithin(1, 256, true),
    )
    .option('--once', 'end when no chunk waits, and results and webhooks that are due are done')
    .addHelpText(
      'after',
      `
Batches are submitted with "livestill batch submit" or POST /v1/batches. They need a PostgreSQL
database as the store; the log goes to standard output.

SIGTERM and SIGINT: pictures in work are finished and written, the rest of the chunk is another
worker's. A worker that is killed loses nothing either: its chunk is taken over when its lease
(batch.leaseMs) ends.

Exit status: 0 ended as asked, 1 could not start, 2 the configuration cannot be used.`,
    )
    .action((options: WorkerOptions, command: Command) =>
      explainErrors(command, () => work(options), options),
    );
}

async function work(options: WorkerOptions): Promise<void> {
  const { data, workers, once = false } = options;
  const config = loadConfig({
    file: options.config,
    environment: process.env,
    overrides: { dataDir: data, workers },
  });
  const output = createLogOutput({ file: logFileOf(1), onTrouble: (what) => say(`livestill: ${what}\n`) });
  const human =
    config.logFormat === 'human' || (config.logFormat === 'auto' && process.stdout.isTTY === true);
  const log = createLog(config.logLevel, human ? humanLog(output) : output);
  const objects = objectsOf(config);
  const stop = stopOnSignals(log);
  collectGarbageLater(300);
  const store = await openStoreOf(config, log);
  let traces: Traces | undefined;
  try {
    if (store.batches === null) throw needsPostgres();
    traces = await tracesOf(config, log, store.health?.node);
    const fleet = await startFleetOf({ ...config, queueWaitMs: 3_600_000 }, log);
    try {
      await checkProfiles(fleet, store, log);
      const deps = depsOf(config, log, { store, batches: store.batches, fleet, traces, objects });
      log.info({ event: 'ready', worker: deps.name, workers: fleet.workers }, 'ready for batches');
      const hooks = webhooksOf(config, log, store.batches);
      const exports = objects === null ? null : exportsOf(log, store.batches, objects);
      if (once) await workOnce(deps, exports, hooks, stop.signal);
      else await workOn(deps, exports, hooks, stop.signal);
    } finally {
      await fleet.close();
    }
  } finally {
    await store.close();
    await traces?.stop();
    log.info({ event: 'stopped' }, 'stopped');
    output.flushSync();
  }
}

/** Chunks, results and webhooks, until it is to stop. */
async function workOn(
  deps: WorkerDeps,
  exports: ExportDeps | null,
  hooks: WebhookDeps | null,
  stop: AbortSignal,
): Promise<void> {
  await Promise.all([
    runWorker(deps, stop),
    exports === null ? null : runExports(exports, stop),
    hooks === null ? null : runWebhooks(hooks, stop),
  ]);
}

/** Until no chunk waits; then what is due of finished batches. */
async function workOnce(
  deps: WorkerDeps,
  exports: ExportDeps | null,
  hooks: WebhookDeps | null,
  stop: AbortSignal,
): Promise<void> {
  await runWorker({ ...deps, endWhenIdle: true }, stop);
  while (exports !== null && !stop.aborted && (await exportOne(exports, stop)));
  while (hooks !== null && !stop.aborted && (await callOne(hooks)));
}

function stopOnSignals(log: Logger): AbortController {
  const stop = new AbortController();
  const onSignal = (signal: NodeJS.Signals) => {
    if (stop.signal.aborted) process.exit(EXIT_STATUS.failed);
    log.info({ event: 'draining', cause: signal }, 'taking nothing new');
    stop.abort();
  };
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal);
  return stop;
}

interface Parts {
  readonly store: Store;
  readonly batches: NonNullable<Store['batches']>;
  readonly fleet: Awaited<ReturnType<typeof startFleetOf>>;
  readonly traces: Traces | undefined;
  readonly objects: ObjectStore | null;
}

function depsOf(config: Config, log: Logger, { store, batches, fleet, traces, objects }: Parts): WorkerDeps {
  const downloader = createDownloader({ ...config.download, maxBytes: config.picture.maxBytes });
  return {
    batches,
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
    onChunk: ({ batchId, chunk, rows }, end) =>
      log.info({ event: 'batch_chunk', batchId, chunk, rows: rows.length, end }, 'a chunk is over'),
    onSetAside: ({ batchId, row }) =>
      log.error(
        { event: 'batch_set_aside', batchId, row },
        'a picture that workers are lost over was set aside',
      ),
    onPaused: ({ batchId, appid }, why) =>
      log.warn({ event: 'batch_paused', batchId, appid, why }, 'a batch was paused'),
  };
}

function exportsOf(log: Logger, batches: ExportDeps['batches'], objects: ObjectStore): ExportDeps {
  return {
    batches,
    objects,
    pollMs: POLL_MS,
    onWritten: ({ batchId }, ended, why) =>
      log[ended === 'written' ? 'info' : 'warn'](
        { event: 'batch_results', batchId, ended, why },
        'results written',
      ),
    onTrouble: (err) => log.error({ event: 'batch_trouble', err }, 'trouble with results; trying again'),
  };
}

/** Null where this worker has no key to sign with. */
function webhooksOf(config: Config, log: Logger, batches: WebhookDeps['batches']): WebhookDeps | null {
  const secretOf = batchSecretOf(config);
  if (secretOf === null) return null;
  return {
    batches,
    poster: createPoster({ ...config.download, maxBytes: config.picture.maxBytes }),
    secretOf,
    clock: () => Date.now(),
    pollMs: POLL_MS,
    onCalled: ({ batchId }, ended, why) =>
      log[ended === 'delivered' ? 'info' : 'warn'](
        { event: 'batch_webhook', batchId, ended, why },
        'webhook called',
      ),
    onTrouble: (err) => log.error({ event: 'batch_trouble', err }, 'trouble with webhooks; trying again'),
  };
}
