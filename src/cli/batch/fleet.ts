import { type Command, Option } from 'commander';
import type { BatchFormat } from '../../batch/outputs.ts';
import { timeText } from '../../batch/progress.ts';
import { formatOfName } from '../../batch/request.ts';
import type { Config } from '../../config/load.ts';
import { UsageError } from '../../faults.ts';
import { checkResults, resultObject, writeObjectOf } from '../../jobs/exports.ts';
import { doneOf, secondsLeft } from '../../jobs/progress.ts';
import { printResults, writeResultsFile } from '../../jobs/results.ts';
import { CHUNK_PICTURES } from '../../jobs/submit.ts';
import type { BatchStatus, BatchStore } from '../../jobs/types.ts';
import { checkWebhook } from '../../jobs/webhook.ts';
import { isS3 } from '../../storage/place.ts';
import { storageOff } from '../../storage/read.ts';
import type { Store } from '../../store/open.ts';
import { batchSecretOf } from '../../webhook/sign.ts';
import { numberWithin } from '../shared/arguments.ts';
import { objectsOf } from '../shared/objects.ts';
import { type DataOptions, dataCommand, withStore } from '../shared/open-store.ts';
import { explainErrors, type Outcome, pairs, perform } from '../shared/outcome.ts';
import { needsPostgres } from '../worker/needs-postgres.ts';
import { submitInput } from './submitted.ts';

interface Options extends DataOptions {
  readonly json?: boolean;
  readonly app?: string;
  readonly name?: string;
  readonly priority?: number;
  readonly webhook?: string;
  readonly results?: string;
  readonly chunk?: number;
  readonly out?: string;
  readonly format?: BatchFormat;
}

/** Adds what concerns batches of several machines to `livestill batch`. */
export function registerFleetBatches(batch: Command): void {
  dataCommand(batch, 'submit <input>', 'hand a folder or a list to the workers of all machines')
    .requiredOption('--app <appid>', 'the app that the pictures are judged for')
    .option('--name <text>', 'what people call the batch', '')
    .option('--priority <number>', '-9 to 9; higher ones are begun first', numberWithin(-9, 9, true), 0)
    .option('--webhook <url>', 'called when the batch is over')
    .option(
      '--results <place>',
      's3://bucket/folder/, or a key that ends in .ndjson, .parquet or .csv: where results are written when it is done',
    )
    .addOption(
      new Option('--chunk <number>', 'pictures that a worker takes at once')
        .argParser(numberWithin(1, 1000, true))
        .default(CHUNK_PICTURES),
    )
    .addHelpText(
      'after',
      `
A list is as for "livestill batch"; its relative paths start at batch.picturesDir, on every worker.
A folder must lie below batch.picturesDir. s3://bucket/folder/ is all pictures below it, as input and as a
row; it is read from the storage at s3.endpoint, by this command and by the workers. Nothing is judged
where a line of the list is wrong.`,
    )
    .action((input: string, _options: Options, command: Command) => {
      const options: Options = command.optsWithGlobals();
      return perform(command, options, () => submit(input, options));
    });
  dataCommand(batch, 'status [batch]', 'how far a batch is; without a name, the latest 50')
    .option('--app <appid>', 'of this app alone')
    .action((batchId: string | undefined, _options: Options, command: Command) => {
      const options: Options = command.optsWithGlobals();
      return perform(command, options, () =>
        batchId === undefined ? list(options) : status(batchId, options),
      );
    });
  dataCommand(batch, 'results <batch>', 'the results by row, those that are there so far')
    .option(
      '--out <file>',
      'a new file or s3://bucket/key: .ndjson, .csv or .parquet (default: JSON lines on standard output)',
    )
    .action((batchId: string, _options: Options, command: Command) => {
      const options: Options = command.optsWithGlobals();
      return explainErrors(command, () => results(batchId, options), options);
    });
  for (const to of ['pause', 'resume', 'cancel'] as const) {
    dataCommand(batch, `${to} <batch>`, CHANGES[to]).action(
      (batchId: string, _options: Options, command: Command) => {
        const options: Options = command.optsWithGlobals();
        return perform(command, options, () => change(batchId, to, options));
      },
    );
  }
}

const CHANGES = {
  pause: 'begin no more of its chunks',
  resume: 'go on with a paused batch',
  cancel: 'let go of what is not judged yet; what is stays',
} as const;

function withBatches<T>(
  options: Options,
  work: (batches: BatchStore, store: Store, config: Config) => Promise<T>,
): Promise<T> {
  return withStore(options, true, (store, config) => {
    if (store.batches === null) throw needsPostgres();
    return work(store.batches, store, config);
  });
}

function submit(input: string, options: Options): Promise<Outcome> {
  return withBatches(options, async (batches, store, config) => {
    const { app = '', name = '', priority = 0, webhook, results: to, chunk } = options;
    if ((await store.accounts.findApp(app)) === null)
      throw new UsageError('app_unknown', `there is no app ${app}: see "livestill app list"`);
    const { picturesDir } = config.batch;
    const order = {
      appid: app,
      secretId: '',
      name,
      priority,
      webhook: webhook === undefined ? null : checkWebhook(webhook, batchSecretOf(config) !== null),
      results: to === undefined ? null : checkResults(to),
    };
    const objects = objectsOf(config);
    if (to !== undefined && objects === null) throw storageOff();
    const batchId = await submitInput(batches, order, { input, picturesDir, chunk, objects });
    const found = await find(batches, batchId);
    return {
      text: `${batchId}\n${found.pictures} pictures wait for workers ("livestill worker"). "livestill batch status ${batchId}" says how far they are.`,
      json: shown(found),
    };
  });
}

async function find(batches: BatchStore, batchId: string): Promise<BatchStatus> {
  const found = await batches.find(batchId);
  if (found !== null) return found;
  throw new UsageError('batch_unknown', `there is no batch ${batchId}: see "livestill batch status"`);
}

const shown = (status: BatchStatus) => ({ ...status, secondsLeft: secondsLeft(status, Date.now()) });

function status(batchId: string, options: Options): Promise<Outcome> {
  return withBatches(options, async (batches) => {
    const found = await find(batches, batchId);
    const left = secondsLeft(found, Date.now());
    const text = pairs([
      ['batch', found.batchId],
      ['name', found.name === '' ? '-' : found.name],
      ['app', found.appid],
      ['state', found.state],
      ['done', `${doneOf(found)} of ${found.pictures}`],
      ['judged', String(found.judged)],
      ['refused', String(found.refused)],
      ['failed', String(found.failed)],
      ['left', left === null ? '-' : timeText(left)],
      ['results', resultsText(found)],
      ['webhook', found.webhookState ?? (found.webhook === null ? '-' : 'not due yet')],
    ]);
    return { text, json: shown(found) };
  });
}

function resultsText({ results: to, resultsState, resultsFailure }: BatchStatus): string {
  if (to === null) return '-';
  const state = (resultsState ?? 'not written').replace('_', ' ');
  return `${to} (${resultsFailure === null ? state : `${state}: ${resultsFailure}`})`;
}

function list(options: Options): Promise<Outcome> {
  return withBatches(options, async (batches) => {
    const found = await batches.list({ appid: options.app }, 50);
    const lines = found.map(
      (one) =>
        `${one.batchId}  ${one.state.padEnd(9)}  ${`${doneOf(one)}/${one.pictures}`.padStart(15)}  ${one.appid}  ${one.name}`,
    );
    return { text: lines.length === 0 ? 'There are no batches.' : lines.join('\n'), json: found.map(shown) };
  });
}

function results(batchId: string, options: Options): Promise<void> {
  return withBatches(options, async (batches, _store, config) => {
    await find(batches, batchId);
    const { out, format } = options;
    if (out !== undefined && isS3(out)) {
      const objects = objectsOf(config);
      if (objects === null) throw storageOff();
      const place = resultObject(checkResults(out), batchId);
      await writeObjectOf({ batches, objects }, batchId, place, new AbortController().signal);
    } else if (out === undefined) await printResults(batches, batchId, process.stdout);
    else await writeResultsFile(batches, batchId, out, format ?? formatOfName(out));
  });
}

function change(batchId: string, to: 'pause' | 'resume' | 'cancel', options: Options): Promise<Outcome> {
  return withBatches(options, async (batches, store) => {
    const before = await find(batches, batchId);
    if (!(await batches.change(batchId, to)))
      throw new UsageError('batch_over', `the batch is ${before.state}: it cannot be changed any more`);
    const after = await find(batches, batchId);
    await store.chains.note({
      action: `batch.${to}`,
      target: batchId,
      before: { state: before.state },
      after: { state: after.state },
    });
    return { text: `The batch is ${after.state}.`, json: shown(after) };
  });
}
