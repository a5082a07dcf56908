import { type Command, Help, type Option } from 'commander';
import { nearest } from '../../config/checks.ts';
import { version } from './version.ts';

type Register = (program: Command) => void;

/** Each command and where it lives; a file is loaded only when its command is called for. */
const COMMANDS: Readonly<Record<string, () => Promise<Register>>> = {
  serve: async () => (await import('../serve/serve.ts')).registerServe,
  score: async () => (await import('../score/score.ts')).registerScore,
  batch: async () => (await import('../batch/batch.ts')).registerBatch,
  worker: async () => (await import('../worker/worker.ts')).registerWorker,
  app: async () => (await import('../accounts/app.ts')).registerApp,
  key: async () => (await import('../accounts/key.ts')).registerKey,
  user: async () => (await import('../console/user.ts')).registerUser,
  sign: async () => (await import('../accounts/sign.ts')).registerSign,
  ledger: async () => (await import('../ledger/ledger.ts')).registerLedger,
  log: async () => (await import('../ledger/log.ts')).registerLog,
  backup: async () => (await import('../backup/backup.ts')).registerBackup,
  restore: async () => (await import('../backup/restore.ts')).registerRestore,
  migrate: async () => (await import('../store/migrate.ts')).registerMigrate,
  store: async () => (await import('../store/copy.ts')).registerStore,
  config: async () => (await import('../config/config.ts')).registerConfig,
  doctor: async () => (await import('../doctor/doctor.ts')).registerDoctor,
  models: async () => (await import('../models/models.ts')).registerModels,
  evaluate: async () => (await import('../evaluate/evaluate.ts')).registerEvaluate,
  simulate: async () => (await import('../evaluate/simulate.ts')).registerSimulate,
};

const VERSION_FLAGS: readonly string[] = ['-v', '--version'];

/**
 * Refuses a word that names no command although help was asked for: `livestill key lst --help` would else
 * print the help of `key` with status 0, as if all were well.
 * @throws {CommanderError} as for the same words without `--help`
 */
export function refuseUnknownWords(program: Command, args: readonly string[]): void {
  let place = program;
  for (const word of args[0] === 'help' ? args.slice(1) : args) {
    if (place.commands.length === 0 || word.startsWith('-')) return;
    const next = place.commands.find((one) => one.name() === word || one.aliases().includes(word));
    if (next === undefined && word === 'help') return;
    if (next === undefined) place.error(unknownCommand(place, word), { code: 'commander.unknownCommand' });
    else place = next;
  }
}

function unknownCommand(place: Command, word: string): string {
  const meant = nearest(
    word,
    place.commands.map((one) => one.name()),
  );
  return `error: unknown command '${word}'${meant === undefined ? '' : `\n(Did you mean ${meant}?)`}`;
}

/**
 * The command line on `program`: the command named by the first of `args` alone, none to tell the version,
 * or all (for help and for suggestions). Wrong use throws a `CommanderError` instead of ending the process;
 * commands set `process.exitCode` themselves.
 */
export async function createProgram(program: Command, args: readonly string[]): Promise<Command> {
  program
    .name('livestill')
    .description('Tells a live person from a picture of a picture, out of one still photo.')
    .version(version, VERSION_FLAGS.join(', '))
    .showHelpAfterError('(add --help for what there is)')
    .exitOverride()
    .configureHelp({ optionDescription })
    .addHelpText(
      'after',
      `
First steps:
  livestill serve                    run the service; prints an app, its keys and a first call
  livestill score selfie.jpg         judge a picture here and now
  livestill sign --help              make a signature, or see what is wrong with one

Documentation: README.md and docs/ in the package.`,
    );
  for (const register of await Promise.all(needed(args[0]).map((name) => COMMANDS[name]())))
    register(program);
  return program;
}

/** As commander's own, with a list as it is typed: with commas, and nothing where it is empty. */
function optionDescription(this: Help, option: Option): string {
  const { defaultValue } = option;
  if (!Array.isArray(defaultValue)) return Help.prototype.optionDescription.call(this, option);
  return defaultValue.length === 0
    ? option.description
    : `${option.description} (default: ${defaultValue.join(',')})`;
}

/** The commands that are loaded when the first argument is `first`: none to tell the version. */
function needed(first = ''): readonly string[] {
  if (VERSION_FLAGS.includes(first)) return [];
  return Object.hasOwn(COMMANDS, first) ? [first] : Object.keys(COMMANDS);
}
