import { extname } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { checkSettings, claimOutput } from '../../batch/claim.ts';
import { exportRows } from '../../batch/export.ts';
import { openJournal, recover } from '../../batch/journal.ts';
import { KeySet } from '../../batch/key-set.ts';
import { type BatchOutputs, checkOutputs, outputName } from '../../batch/outputs.ts';
import { type PageFacts, reportPage } from '../../batch/page.ts';
import { PlaceSet } from '../../batch/place-set.ts';
import { createProgress } from '../../batch/progress.ts';
import { createResultMemory, KEPT_RESULTS } from '../../batch/reuse.ts';
import { runBatch } from '../../batch/run.ts';
import { openSource } from '../../batch/source/open.ts';
import { type BatchSummary, createTally, originOf } from '../../batch/summary.ts';
import { summaryText } from '../../batch/text-summary.ts';
import { thumbnailsOf } from '../../batch/thumbnails.ts';
import type { BatchSource } from '../../batch/types.ts';
import { loadConfig } from '../../config/load.ts';
import { UsageError } from '../../faults.ts';
import { absolutePath, pathOfArgument, pathText } from '../../files/name.ts';
import { writeWhole, writeWholeNew } from '../../files/write.ts';
import { startFleet } from '../../fleet/fleet.ts';
import { fleetSize } from '../../fleet/memory.ts';
import { DEFAULT_THRESHOLD } from '../../liveness/judge.ts';
import type { Profile } from '../../liveness/types.ts';
import { DEFAULT_LIMITS } from '../../picture/decode/decode.ts';
import { createDownloader } from '../../picture/download/download.ts';
import { createLeftOutTally } from '../../picture/left-out.ts';
import { count } from '../../report/count.ts';
import { lackingLine, modelsOption, packOption, profileOption } from '../shared/engine-options.ts';
import { explainErrors } from '../shared/outcome.ts';
import { print, printable } from '../shared/printable.ts';

type Format = 'ndjson' | 'csv' | 'parquet';

interface BatchOptions {
  readonly out: string;
  readonly format?: Format;
  readonly threshold: number;
  readonly profile?: Profile;
  readonly workers?: number;
  readonly models?: string;
  readonly pack: readonly string[];
  readonly config?: string;
  readonly zipNames?: string;
  readonly reuse: boolean;
  readonly report: string | boolean;
  readonly thumbnails: boolean;
  readonly quiet?: true;
}

/** Rows near the threshold that the report shows. */
const NEAREST = 24;
/** Pictures read ahead, so that no worker waits for a disk. */
const AHEAD = 2;
/** Exit status of a batch that a signal stopped, as shells have it for SIGINT. */
const STOPPED = 130;

function number(low: number, high: number, whole: boolean): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !(value >= low && value <= high) || (whole && !Number.isInteger(value))) {
      throw new InvalidArgumentError(`Expected a ${whole ? 'whole ' : ''}number from ${low} to ${high}.`);
    }
    return value;
  };
}

/** Adds `livestill batch` to the program. Exit status: 0 complete, 1 it could not go on, 2 wrong use, 130 stopped. */
export function registerBatch(program: Command): void {
  program
    .command('batch')
    .description('judge many stored pictures; may be stopped at any moment and goes on with the same command')
    .argument('<input>', 'a folder, a zip, a tar, a list of paths or urls, or - for a list on standard input')
    .requiredOption('--out <file>', 'results: .ndjson (also .jsonl), .csv or .parquet')
    .addOption(
      new Option('--format <name>', 'where the name of --out does not tell').choices([
        'ndjson',
        'csv',
        'parquet',
      ]),
    )
    .option(
      '--threshold <number>',
      'scores above it are live, 0-100',
      number(0, 100, false),
      DEFAULT_THRESHOLD,
    )
    .addOption(profileOption())
    .option('--workers <number>', 'worker processes (default: all processors)', number(1, 1024, true))
    .addOption(modelsOption())
    .addOption(packOption())
    .option('--config <file>', 'configuration file, of which download.* is used for urls')
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
with a column path, url, file, picture or image. Relative paths start at the list's folder.

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
    .action((input: string, options: BatchOptions, command: Command) =>
      explainErrors(command, () => batch(input, options, program.version() ?? '')),
    );
}

function formatOf(options: BatchOptions): Format {
  if (options.format !== undefined) return options.format;
  const extension = extname(options.out).toLowerCase();
  if (extension === '.csv') return 'csv';
  if (extension === '.parquet') return 'parquet';
  if (['.ndjson', '.jsonl', '.json'].includes(extension)) return 'ndjson';
  throw new UsageError(
    'format',
    `expected --out to end in .ndjson, .jsonl, .csv or .parquet, found ${options.out}; or give --format`,
  );
}

/** Aborted by the first SIGINT or SIGTERM; the second one ends the process at once, which loses nothing that was written. */
function stopSignal(): { readonly signal: AbortSignal; off(): void } {
  const stop = new AbortController();
  const onSignal = () => {
    if (stop.signal.aborted) process.exit(STOPPED);
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

/** Counts a source's pictures beside the work; `total` is null until that is done. */
function countBeside(source: BatchSource, signal: AbortSignal): { total: number | null } {
  const counter: { total: number | null } = { total: null };
  // A broken input is the business of the walk that judges.
  source.count(signal).then(
    (total) => {
      counter.total = total;
    },
    () => {},
  );
  return counter;
}

/** The page beside the results, where no other one is named. */
function pageOf({ report, out }: BatchOptions): string {
  return typeof report === 'string' ? report : `${out.slice(0, out.length - extname(out).length)}.html`;
}

function madeMeanwhile(path: string, journal: string): UsageError {
  return new UsageError(
    'output_exists',
    `${path} was made by somebody else meanwhile and was left alone; the rows are in ${journal}. Move it away and run the command again.`,
  );
}

type Fleet = Awaited<ReturnType<typeof startFleet>>;

function startWorkers(options: BatchOptions, workers: number, say: (text: string) => void): Promise<Fleet> {
  const { profile, threshold, pack, models } = options;
  return startFleet({
    ...fleetSize({ workers }),
    queueWaitMs: Number.POSITIVE_INFINITY,
    engine: {
      threshold,
      packs: pack,
      ...(profile === undefined ? {} : { profile }),
      ...(models === undefined ? {} : { modelsDir: models }),
    },
    onTrouble: (error) => say(`livestill: ${error.message}`),
  });
}

/** What is made of the rows at the end. */
interface Results {
  readonly outputs: BatchOutputs;
  /** Outputs of this very batch that are there and are replaced. */
  readonly own: ReadonlySet<string>;
  readonly format: Format;
  readonly summary: BatchSummary;
  readonly facts: PageFacts;
  readonly source: BatchSource;
  readonly thumbnails: boolean;
  readonly signal: AbortSignal;
}

/** Writes table and page. @throws {UsageError} `output_exists` */
async function writeResults(results: Results): Promise<void> {
  const { outputs, own, format, summary, facts, source, signal } = results;
  const { journal, table, page } = outputs;
  if (facts.complete && table !== null && format !== 'ndjson') {
    if (!(await exportRows(journal, format, table, own.has(table)))) throw madeMeanwhile(table, journal);
  }
  if (page === null) return;
  const wanted = results.thumbnails && facts.complete;
  const text = reportPage(
    summary,
    facts,
    wanted ? await thumbnailsOf(source, summary.nearest, signal) : null,
  );
  if (own.has(page)) await writeWhole(page, text);
  else if (!(await writeWholeNew(page, text))) throw madeMeanwhile(page, journal);
}

/** How many rows this run made, and how fast. */
function speedText(rows: number, reused: number, seconds: number): string {
  const same =
    reused === 0
      ? ''
      : ` ${reused} of them ${reused === 1 ? 'has' : 'have'} the result of an earlier picture of the same bytes.`;
  return `\n${rows} done in ${seconds.toFixed(1)} s, ${(rows / seconds).toFixed(1)}/s.${same}`;
}

async function batch(argument: string, options: BatchOptions, version: string): Promise<void> {
  const format = formatOf(options);
  const { threshold, out } = options;
  const journalPath = format === 'ndjson' ? out : `${out}.ndjson`;
  const page = options.report === false ? null : pageOf(options);
  const outputs: BatchOutputs = { journal: journalPath, table: format === 'ndjson' ? null : out, page };
  const path = argument === '-' ? argument : pathOfArgument(argument);
  const input = pathText(path);
  const config = loadConfig({ file: options.config, environment: process.env });
  const downloader = createDownloader({ ...config.download, maxBytes: DEFAULT_LIMITS.bytes });
  const say = (text: string) => {
    if (options.quiet !== true) process.stderr.write(`${printable(text)}\n`);
  };

  const own = await checkOutputs(outputs, argument === '-' ? null : argument);
  const claim = await claimOutput(journalPath);
  const stop = stopSignal();
  const leftOut = createLeftOutTally();
  let source: BatchSource | undefined;
  let fleet: Fleet | undefined;
  try {
    source = await openSource(path, {
      stdin: process.stdin,
      downloader,
      signal: stop.signal,
      zipNames: options.zipNames,
    });
    const { workers } = fleetSize({ workers: options.workers });
    fleet = await startWorkers(options, workers, say);
    await claim.confirm();
    const { profile, lacking } = fleet;
    if (lacking !== null && options.profile === undefined) say(`livestill: ${lackingLine(profile, lacking)}`);
    const models = fleet.models.map((m) => `${m.name} ${m.sha256}`);
    const settings = {
      input: argument === '-' ? '-' : pathText(absolutePath(process.cwd(), path)),
      profile,
      threshold,
      models,
    };
    const made = [outputs.table, page].filter((file) => file !== null);
    const run = await checkSettings(
      journalPath,
      settings,
      made.map((file) => outputName(journalPath, file)),
    );
    const tally = createTally(threshold, NEAREST);
    const done = source.kind === 'list' ? new PlaceSet() : new KeySet();
    const { rows: before, cut } = await recover(journalPath, (row) => {
      done.add(row.key);
      tally.add(row);
    });
    if (before > 0) say(`livestill: ${count(before, 'picture')} judged already; going on.`);
    if (cut > 0) say(`livestill: cut off ${count(cut, 'byte')} of a row that was not whole.`);
    let finished = before;
    let reused = 0;
    const counter = countBeside(source, stop.signal);
    const progress = options.quiet === true ? null : createProgress(process.stderr, before);
    const journal = await openJournal(journalPath);
    const begun = performance.now();
    try {
      await runBatch({
        source,
        judge: fleet,
        journal,
        done,
        profile,
        threshold,
        memory: options.reuse ? createResultMemory() : null,
        atOnce: workers + AHEAD,
        signal: stop.signal,
        onLeftOut: leftOut.add,
        onRow: (row) => {
          tally.add(row);
          finished++;
          if (originOf(row) === 'reused') reused++;
          progress?.update(finished, counter.total);
        },
      });
    } finally {
      progress?.stop();
      await journal.close();
    }
    const complete = !stop.signal.aborted;
    const seconds = (performance.now() - begun) / 1000;
    const summary = tally.summary();
    const { lines, unreadable } = leftOut.counts();
    if (complete && finished === 0) {
      process.stderr.write(printable([`livestill: no pictures in ${input}`, ...lines, ''].join('\n')));
      process.exitCode = 1;
      return;
    }
    await writeResults({
      outputs,
      own,
      format,
      summary,
      facts: { input, output: out, profile, models, version, run, complete, leftOut: lines },
      source,
      thumbnails: options.thumbnails,
      signal: stop.signal,
    });
    if (unreadable > 0) {
      process.exitCode = 1;
      if (options.quiet === true) process.stderr.write(printable(`livestill: ${lines[0]}\n`));
    }
    if (options.quiet !== true) print(`${summaryText(summary, lines)}\n`);
    if (finished > before) say(speedText(finished - before, reused, seconds));
    if (page !== null) say(`Page: ${page}`);
    if (!complete) {
      say('livestill: stopped; the same command goes on.');
      process.exitCode = STOPPED;
    }
  } catch (error) {
    if (!stop.signal.aborted || error !== stop.signal.reason) throw error;
    process.exitCode = STOPPED;
  } finally {
    stop.off();
    await source?.close();
    await fleet?.close();
    await claim.release();
  }
}
