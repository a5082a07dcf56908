import { type Command, Option } from 'commander';
import { judgeBatch } from '../../batch/batch.ts';
import type { BatchFormat } from '../../batch/outputs.ts';
import { type BatchEnd, type BatchRequest, formatOfName } from '../../batch/request.ts';
import { KEPT_RESULTS } from '../../batch/reuse.ts';
import { summaryText } from '../../batch/text-summary.ts';
import { loadConfig } from '../../config/load.ts';
import { pathOfArgument } from '../../files/name.ts';
import { DEFAULT_THRESHOLD } from '../../liveness/threshold.ts';
import type { CapturePreset, Profile } from '../../liveness/types.ts';
import { createDownloader } from '../../picture/download/download.ts';
import { DEFAULT_LIMITS } from '../../picture/limits.ts';
import { numberWithin, scoreNumber } from '../shared/arguments.ts';
import {
  captureOption,
  lackingLine,
  modelsOption,
  packOption,
  profileOption,
} from '../shared/engine-options.ts';
import { EXIT_STATUS } from '../shared/exit-status.ts';
import { objectsOf } from '../shared/objects.ts';
import { explainErrors } from '../shared/outcome.ts';
import { print, say } from '../shared/printable.ts';
import { version } from '../shared/version.ts';
import { registerFleetBatches } from './fleet.ts';

interface BatchOptions {
  readonly out: string;
  readonly format?: BatchFormat;
  readonly threshold: number;
  readonly profile?: Profile;
  readonly capture?: CapturePreset;
  readonly workers?: number;
  readonly models?: string;
  readonly pack: readonly string[];
  readonly config?: string;
  readonly zipNames?: string;
  readonly reuse: boolean;
  /** A path; false: none. */
  readonly report?: string | false;
  readonly thumbnails: boolean;
  readonly quiet?: true;
}

/**
 * Adds `livestill batch` to the program. Exit status: 0 complete, 1 it could not go on, 2 wrong use, 130
 * stopped.
 */
export function registerBatch(program: Command): void {
  const command = program
    .command('batch')
    .description('judge many stored pictures; may be stopped at any moment and goes on with the same command')
    .argument(
      '<input>',
      'a folder, a zip, a tar, a list of paths or urls, s3://bucket/folder/, or - for a list on standard input',
    )
    .option('--out <file>', 'results: .ndjson (also .jsonl), .csv or .parquet')
    .addOption(
      new Option('--format <name>', 'where the name of --out does not tell').choices([
        'ndjson',
        'csv',
        'parquet',
      ]),
    )
    .option('--threshold <number>', 'scores above it are live, 0-100', scoreNumber, DEFAULT_THRESHOLD)
    .addOption(profileOption())
    .addOption(captureOption())
    .option('--workers <number>', 'worker processes (default: all processors)', numberWithin(1, 1024, true))
    .addOption(modelsOption())
    .addOption(packOption())
    .option('--config <file>', 'configuration file, of which download.* and s3.* are used')
    .option(
      '--zip-names <encoding>',
      'of names in a zip that do not tell it: gb18030, shift_jis, cp437, … (default: UTF-8, else GB18030, else CP437)',
    )
    .option('--no-reuse', 'judge a picture also where one of the same bytes was judged before')
    .option('--report <file>', 'HTML page with plots (default: the name of --out with .html)')
    .option('--no-report', 'no page')
    .option('--no-thumbnails', 'no pictures of people in the page')
    .option('--quiet', 'no progress, no summary')
    .addHelpText(
      'after',
      `
A list has a path or url a line, or JSON lines ({"path":…} or {"url":…}), or is a CSV (by its name)
with a column path, url, file, picture or image. Relative paths start at the list's folder; s3://bucket/key
names an object of the storage at s3.endpoint.

Of a folder, zip or tar all pictures are judged, also those without an extension; what else is there is
counted and named at the end. A list is checked to its end before anything is judged.

Results are written as they come. Ctrl-C, a crash, kill -9: run the same command again and it goes
on; no picture is judged twice or left out. With .csv and .parquet the results gather in
<out>.ndjson and the file is made at the end. Beside the results lies <out>.run.json with the
settings; with others the command refuses to go on. It never replaces a file of another run.

Of pictures with the same bytes (SHA-256) within a run, one is judged; the others' rows have its result
and name it (sameAs). The latest ${KEPT_RESULTS.toLocaleString('en')} results are remembered. --no-reuse judges every one.

Exit status: 0 every picture has its row, 1 it could not go on, there were no pictures, or a part of
the input could not be read, 2 wrong use, 130 stopped by a signal.

Examples:
  livestill batch photos/ --out results.ndjson
  livestill batch photos.zip --out results.parquet --profile fast
  psql -Atc "select path from selfies" | livestill batch - --out results.csv --no-thumbnails`,
    )
    .action((input: string, options: BatchOptions, self: Command) => {
      if (options.out === undefined) {
        // Not an option that commander asks for: it would do so of the commands below this one, too.
        self.error("error: required option '--out <file>' not specified", {
          code: 'commander.missingMandatoryOptionValue',
        });
      }
      return explainErrors(self, () => batch(input, options, program.version() ?? version));
    });
  registerFleetBatches(command);
}

/**
 * Aborted by the first SIGINT or SIGTERM; the second one ends the process at once, which loses nothing that
 * was written.
 */
function stopSignal(): { readonly signal: AbortSignal; off(): void } {
  const stop = new AbortController();
  const onSignal = () => {
    if (stop.signal.aborted) process.exit(EXIT_STATUS.stopped);
    stop.abort();
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  return {
    signal: stop.signal,
    off: () => {
      process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
    },
  };
}

function requestOf(argument: string, options: BatchOptions, named: string): Omit<BatchRequest, 'signal'> {
  const { out, threshold, profile, capture, workers, zipNames, reuse, thumbnails, report } = options;
  const config = loadConfig({ file: options.config, environment: process.env });
  return {
    argument,
    path: argument === '-' ? argument : pathOfArgument(argument),
    stdin: process.stdin,
    out,
    format: options.format ?? formatOfName(out),
    page: report ?? true,
    threshold,
    profile,
    capture,
    workers,
    modelsDir: options.models,
    packs: options.pack,
    zipNames,
    reuse,
    thumbnails,
    version: named,
    downloader: createDownloader({ ...config.download, maxBytes: DEFAULT_LIMITS.bytes }),
    objects: objectsOf(config, DEFAULT_LIMITS.bytes),
  };
}

async function batch(argument: string, options: BatchOptions, named: string): Promise<void> {
  const request = requestOf(argument, options, named);
  const note = (text: string) => {
    if (options.quiet !== true) say(`${text}\n`);
  };
  const stop = stopSignal();
  try {
    const end = await judgeBatch(
      { ...request, signal: stop.signal },
      {
        note,
        lacking: (profile, lacking) => note(`livestill: ${lackingLine(profile, lacking)}`),
        progress: options.quiet === true ? null : process.stderr,
      },
    );
    report(end, options.quiet === true, note);
  } catch (error) {
    if (!stop.signal.aborted || error !== stop.signal.reason) throw error;
    process.exitCode = EXIT_STATUS.stopped;
  } finally {
    stop.off();
  }
}

function report(end: BatchEnd, quiet: boolean, note: (text: string) => void): void {
  const { complete, before, finished, summary, outputs, leftOut } = end;
  if (complete && finished === 0) {
    say([`livestill: no pictures in ${end.input}`, ...leftOut.lines, ''].join('\n'));
    process.exitCode = EXIT_STATUS.failed;
    return;
  }
  if (leftOut.unreadable > 0) {
    process.exitCode = EXIT_STATUS.failed;
    if (quiet) say(`livestill: ${leftOut.lines[0]}\n`);
  }
  if (!quiet) print(`${summaryText(summary, leftOut.lines)}\n`);
  if (finished > before) note(speedText(end));
  if (outputs.page !== null) note(`Page: ${outputs.page}`);
  if (!complete) {
    note('livestill: stopped; the same command goes on.');
    process.exitCode = EXIT_STATUS.stopped;
  }
}

/** How many rows this run made, and how fast. */
function speedText({ before, finished, reused, seconds }: BatchEnd): string {
  const rows = finished - before;
  const same =
    reused === 0
      ? ''
      : ` ${reused} of them ${reused === 1 ? 'has' : 'have'} the result of an earlier picture of the same bytes.`;
  return `\n${rows} done in ${seconds.toFixed(1)} s, ${(rows / seconds).toFixed(1)}/s.${same}`;
}
