import type { Command } from 'commander';
import type { Logger } from 'pino';
import { type Config, loadConfig } from '../../config/load.ts';
import { FleetError } from '../../fleet/fleet.ts';
import { collectGarbageLater } from '../../fleet/garbage.ts';
import { type ExportDeps, exportOne, runExports } from '../../jobs/exports.ts';
import { callOne, runWebhooks, type WebhookDeps } from '../../jobs/webhook.ts';
import { runWorker, type WorkerDeps } from '../../jobs/worker.ts';
import { createLog } from '../../wire/http/log.ts';
import { humanLog } from '../serve/human-log.ts';
import { createLogOutput, logFileOf } from '../serve/log-output.ts';
import { StartError } from '../serve/start-error.ts';
import { openStoreOf } from '../serve/store.ts';
import { checkProfiles, startFleetOf } from '../serve/workers.ts';
import { numberWithin } from '../shared/arguments.ts';
import { EXIT_STATUS } from '../shared/exit-status.ts';
import { objectsOf } from '../shared/objects.ts';
import { explainErrors } from '../shared/outcome.ts';
import { say } from '../shared/printable.ts';
import { tracesOf } from '../shared/traces.ts';
import { openAdmin } from './admin.ts';
import { chunkDepsOf, exportsOf, type WorkerParts, webhooksOf } from './deps.ts';
import { needsPostgres } from './needs-postgres.ts';

interface WorkerOptions {
  readonly data?: string;
  readonly config?: string;
  readonly workers?: number;
  readonly adminPort?: number;
  readonly once?: boolean;
}

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
    .option(
      '--admin-port <number>',
      'port of /healthz, /readyz and /metrics (default: none is opened)',
      numberWithin(0, 65_535, true),
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
      explainErrors(command, () => work(options).catch(explainStart), options),
    );
}

/** What keeps it from starting is told by its message; all else is thrown on. */
function explainStart(error: unknown): void {
  if (!(error instanceof StartError || error instanceof FleetError)) throw error;
  say(`livestill: ${error.message}\n`);
  process.exitCode = EXIT_STATUS.failed;
}

async function work(options: WorkerOptions): Promise<void> {
  const { data, workers, adminPort, once = false } = options;
  const config = loadConfig({
    file: options.config,
    environment: process.env,
    overrides: { dataDir: data, workers, 'batch.adminPort': adminPort },
  });
  const output = createLogOutput({ file: logFileOf(1), onTrouble: (what) => say(`livestill: ${what}\n`) });
  const human =
    config.logFormat === 'human' || (config.logFormat === 'auto' && process.stdout.isTTY === true);
  const log = createLog(config.logLevel, human ? humanLog(output) : output);
  const objects = objectsOf(config);
  const stop = stopOnSignals(log);
  collectGarbageLater(300);
  const store = await openStoreOf(config, log);
  try {
    await workWith(config, log, { store, objects }, { once, stop: stop.signal });
  } finally {
    await store.close();
    log.info({ event: 'stopped' }, 'stopped');
    output.flushSync();
  }
}

/** Everything between the opening of the store and its end; what is opened here is closed here. */
async function workWith(
  config: Config,
  log: Logger,
  { store, objects }: Pick<WorkerParts, 'store' | 'objects'>,
  { once, stop }: { readonly once: boolean; readonly stop: AbortSignal },
): Promise<void> {
  const { batches } = store;
  if (batches === null) throw needsPostgres();
  const closing: (() => Promise<unknown>)[] = [];
  let ready = false;
  const state = {
    get ready() {
      return ready;
    },
    get draining() {
      return stop.aborted;
    },
  };
  try {
    const admin = await openAdmin(config, log, store, state);
    closing.unshift(async () => admin?.close());
    const traces = await tracesOf(config, log, store.health?.node);
    closing.unshift(async () => traces?.stop());
    const fleet = await startFleetOf({ ...config, queueWaitMs: 3_600_000 }, log);
    closing.unshift(() => fleet.close());
    await checkProfiles(fleet, store, log);
    admin?.watch({ fleet, batches, traces });
    const parts = { store, batches, fleet, traces, objects, observer: admin?.observer };
    const deps = chunkDepsOf(config, log, parts);
    ready = true;
    const port = admin === null ? {} : { adminPort: admin.port };
    log.info({ event: 'ready', worker: deps.name, workers: fleet.workers, ...port }, 'ready for batches');
    const run = once ? workOnce : workOn;
    await run(deps, exportsOf(log, parts), webhooksOf(config, log, parts), stop);
  } finally {
    for (const close of closing)
      await close().catch((err: unknown) => log.error({ event: 'unexpected', err }, 'trouble at the end'));
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
