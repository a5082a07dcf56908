import { createWriteStream } from 'node:fs';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import { Option } from 'commander';
import { UsageError } from '../../faults.ts';
import { type ExportFormat, exportLines } from '../../ledger/export.ts';
import { lagOf } from '../../ledger/record-clock.ts';
import type { LedgerFilter, RecordClock } from '../../ledger/types.ts';
import type { Verdict } from '../../liveness/types.ts';
import { count } from '../../report/count.ts';
import { duration, moment, numberOrNone } from '../shared/arguments.ts';
import { type DataOptions, dataCommand, withStore } from '../shared/open-store.ts';
import { explainErrors, type Outcome, perform } from '../shared/outcome.ts';
import { printable } from '../shared/printable.ts';
import { registerAudit } from './audit.ts';
import { rowsTable, sentences } from './text.ts';

interface FilterOptions extends DataOptions {
  readonly json?: boolean;
  readonly since?: Date;
  readonly until?: Date;
  readonly appid?: string;
  readonly verdict?: Verdict;
}

/** Adds `livestill ledger …` to the program; `stdout` takes what `export` writes. */
export function registerLedger(program: Command, stdout: Writable = process.stdout): void {
  const ledger = program
    .command('ledger')
    .description('the ledger, which is the audit log of decisions: show, export, prune, verify, erase')
    .addHelpText(
      'after',
      `
A row says when, for whom, from which address, which picture (size and SHA-256, never the picture),
what was judged by which models, and why. It is on disk before the reply leaves.

Examples:
  livestill ledger show --last 20
  livestill ledger show 0f3c…                               one request, by its X-Request-Id
  livestill ledger export --since 2026-11-01 --format csv --output november.csv
  livestill ledger prune --older-than 180d --yes
  livestill ledger verify                                   was anything changed or taken out?
  livestill ledger head > head.json                         the signed state, to keep elsewhere
  livestill ledger erase --reference case-7 --yes           what a person may ask for`,
    );
  show(ledger);
  exportAll(ledger, stdout);
  prune(ledger);
  registerAudit(ledger);
}

function withFilter(command: Command): Command {
  return command
    .option('--since <time>', 'from this time on: 2026-11-23 or 2026-11-23T10:00:00Z', moment)
    .option('--until <time>', 'before this time', moment)
    .option('--appid <digits>', 'of this app')
    .addOption(
      new Option('--verdict <name>', 'with this verdict').choices([
        'live',
        'attack',
        'poor_quality',
        'no_face',
      ]),
    );
}

/** The filter as the admin log keeps it. */
function plainFilter({ since, until, appid, verdict }: FilterOptions): object {
  return { since: since?.toISOString(), until: until?.toISOString(), appid, verdict };
}

function filterOf({ since, until, appid, verdict }: FilterOptions): LedgerFilter {
  return { since, until, appid, verdict };
}

function show(parent: Command): void {
  withFilter(dataCommand(parent, 'show', 'show one request by its id, or the last ones'))
    .argument('[request-id]')
    .option('--last <number>', 'how many, newest first (1-1000)', numberOrNone, 20)
    .action(
      (
        requestId: string | undefined,
        options: FilterOptions & { readonly last: number | null },
        command: Command,
      ) =>
        perform(command, options, () =>
          withStore(options, false, async ({ ledger }) => {
            const rows = await ledger.latest({ ...filterOf(options), requestId }, options.last ?? 1000);
            if (requestId !== undefined && rows.length === 0) {
              throw new UsageError('row_unknown', `the ledger holds no request ${JSON.stringify(requestId)}`);
            }
            const text = requestId === undefined ? rowsTable(rows) : rows.map(sentences).join('\n\n');
            return { text, json: requestId === undefined ? rows : rows[0] } satisfies Outcome;
          }),
        ),
    );
}

function exportAll(parent: Command, stdout: Writable): void {
  withFilter(
    dataCommand(parent, 'export', 'write rows out, oldest first; memory does not grow with their number'),
  )
    .addOption(
      new Option('--format <name>', 'one JSON object a line, or CSV')
        .choices(['ndjson', 'csv'])
        .default('ndjson'),
    )
    .option('--output <file>', 'into this new file (default: standard output)')
    .action(
      (
        options: FilterOptions & { readonly format: ExportFormat; readonly output?: string },
        command: Command,
      ) =>
        explainErrors(command, () =>
          withStore(options, false, async ({ ledger, chains }) => {
            const filter = plainFilter(options);
            const after = { format: options.format, filter, toFile: options.output !== undefined };
            await chains.note({ action: 'ledger.export', target: '', before: null, after });
            const lines = Readable.from(exportLines(ledger.read(filterOf(options)), options.format));
            if (options.output === undefined)
              await pipeline(lines, forPeople(stdout), stdout, { end: false }).catch(ignoreClosedPipe);
            else
              await pipeline(lines, createWriteStream(options.output, { flags: 'wx', mode: 0o600 })).catch(
                explainFile,
              );
          }),
        ),
    );
}

/**
 * What is written for programs stays as it is, except on a terminal, which would act on control characters.
 */
function forPeople(stdout: Writable) {
  const isTerminal = 'isTTY' in stdout && stdout.isTTY === true;
  return async function* (lines: AsyncIterable<string>) {
    for await (const line of lines) yield isTerminal ? printable(line) : line;
  };
}

/** `livestill ledger export | head` ends early: that is no failure. */
function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}

function explainFile(error: NodeJS.ErrnoException): never {
  if (error.code === 'EEXIST')
    throw new UsageError('file_exists', `${error.path} exists already: expected the name of a new file`);
  if (error.syscall === 'open')
    throw new UsageError('file_unwritable', `the file cannot be written: ${error.message}`);
  throw error;
}

interface PruneOptions extends DataOptions {
  readonly json?: boolean;
  readonly olderThan?: number;
  readonly before?: Date;
  readonly yes?: boolean;
}

function prune(parent: Command): void {
  dataCommand(parent, 'prune', 'delete old rows for good')
    .option('--older-than <duration>', 'older than this: 90d, 12h', duration)
    .option('--before <time>', 'from before this time', moment)
    .option('--yes', 'yes, delete them')
    .action((options: PruneOptions, command: Command) =>
      perform(command, options, () =>
        withStore(options, false, async ({ ledger, upkeep }) => {
          const before = pruneBefore(options);
          if (options.before === undefined) needRightClock(await upkeep.lastClock());
          const rows = await ledger.count({ until: before });
          if (options.yes !== true) {
            throw new UsageError(
              'not_confirmed',
              `${count(rows, 'row')} from before ${before.toISOString()} would be deleted: add --yes`,
            );
          }
          const deleted = await ledger.prune(before);
          return {
            text: `${count(deleted, 'row')} from before ${before.toISOString()} deleted.`,
            json: { deleted, before },
          };
        }),
      ),
    );
}

function pruneBefore({ olderThan, before }: PruneOptions): Date {
  if ((olderThan === undefined) === (before === undefined)) {
    throw new UsageError('prune_range', 'expected one of --older-than and --before');
  }
  return before ?? new Date(Date.now() - olderThan! * 1000);
}

/**
 * How old a row is depends on the clock: after a jump nothing is deleted by it.
 * @throws {UsageError} `clock_jumped` when the clock jumped
 */
function needRightClock(clock: RecordClock | null): void {
  const lag = clock === null ? 0 : lagOf(clock);
  if (lag < 86_400_000) return;
  throw new UsageError(
    'clock_jumped',
    `the clock jumped by ${count(Math.round(lag / 86_400_000), 'day')}: check it, and name the time by --before`,
  );
}
