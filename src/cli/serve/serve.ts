import { type Command, Option } from 'commander';
import type { DestinationStream, Logger } from 'pino';
import { type Config, ConfigError, loadConfig } from '../../config/load.ts';
import { Fault, UsageError } from '../../faults.ts';
import { FleetError } from '../../fleet/fleet.ts';
import { collectGarbageLater } from '../../fleet/garbage.ts';
import { createLog } from '../../wire/http/log.ts';
import { numberWithin } from '../shared/arguments.ts';
import { EXIT_STATUS } from '../shared/exit-status.ts';
import { printable } from '../shared/printable.ts';
import { endOnSignals, type Host } from '../shared/until-signal.ts';
import type { KeyPlace } from './first-app.ts';
import { humanLog } from './human-log.ts';
import { createLogOutput, logFileOf } from './log-output.ts';
import { type Service, startService } from './service.ts';
import { StartError } from './start-error.ts';
import { welcome } from './welcome.ts';

/** The options of the command; what is left out comes from the configuration. */
export interface ServeOptions {
  readonly data?: string;
  readonly host?: string;
  readonly port?: number;
  readonly adminPort?: number;
  readonly workers?: number;
  readonly config?: string;
  readonly logFormat?: string;
  /** False: no app is made at the first start. */
  readonly firstApp?: boolean;
}

/** Adds `livestill serve` to the program. */
export function registerServe(program: Command): void {
  program
    .command('serve')
    .description('run the service: POST /face/livedetectpicture, the v1 API and the console')
    .option('--data <folder>', 'data folder; made at the first start (default: "data")')
    .option('--host <address>', 'address to listen on; 0.0.0.0 for every one (default: 127.0.0.1)')
    .option(
      '--port <number>',
      'port of the service; 0 takes a free one (default: 8787)',
      numberWithin(0, 65_535, true),
    )
    .option(
      '--admin-port <number>',
      'port of the console, /healthz, /readyz and /metrics (default: 8788)',
      numberWithin(0, 65_535, true),
    )
    .option(
      '--workers <number>',
      'worker processes that judge (default: one a processor)',
      numberWithin(1, 256, true),
    )
    .option('--config <file>', 'configuration file (default: the one LIVESTILL_CONFIG names)')
    .addOption(
      new Option(
        '--log-format <name>',
        'the log: json, human, or by what standard output is (default: auto)',
      ).choices(['auto', 'json', 'human']),
    )
    .option('--no-first-app', 'the first start makes no app and no keys')
    .addHelpText(
      'after',
      `
The first start makes the data folder with one app, and prints its keys and a complete call to copy,
this once and to a terminal alone; elsewhere they go to a file in the data folder that this user alone
can read, and its path is printed. Later starts print how to get a new call. The log goes to standard
output: short lines on a terminal, one JSON object a line elsewhere. Everything else for people goes
to standard error.

SIGTERM and SIGINT: nothing new is accepted, what runs is finished, then the process ends.
SIGHUP: certificate and key are read anew (they are watched anyway).

Exit status: 0 ended as asked, 1 could not start, 2 the configuration cannot be used.

Examples:
  livestill serve
  livestill serve --host 0.0.0.0 --port 80 --data /var/lib/livestill
  livestill serve --config /etc/livestill.json`,
    )
    .action(async (options: ServeOptions) => {
      process.exitCode = await serve(options, surroundingsOf());
    });
}

/** What `serve` needs of the world beside the configuration. */
export interface Surroundings extends Host {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Takes the log. */
  readonly log: DestinationStream;
  /** Whether a person sees the log, and what is said, as they are written. */
  readonly terminal: { readonly log: boolean; readonly said: boolean };
  /** Takes what is for people. */
  say(text: string): void;
}

/**
 * Starts the service and leaves it running until it is asked to end.
 * @returns 0 while it runs; 1 or 2 (see the command's help) when it could not be started, everything closed
 * again
 */
export async function serve(options: ServeOptions, surroundings: Surroundings): Promise<number> {
  const { environment, say } = surroundings;
  let service: Service | undefined;
  try {
    const config = configOf(options, environment);
    const log = logOf(config, surroundings);
    service = await startService(config, log);
    // Not before: compiled code that was kept is for the flags that the process was started with.
    collectGarbageLater(300);
    const { port, adminPort, workers } = service;
    endOnSignals(service, log, surroundings);
    log.info({ event: 'ready', port, adminPort, workers }, 'ready');
    say(await welcome(config, service, firstAppOf(options, surroundings), placeOf(surroundings)));
    return EXIT_STATUS.ok;
  } catch (error) {
    await service?.stop();
    say(`livestill: ${startProblem(error)}`);
    return error instanceof ConfigError ? EXIT_STATUS.wrongUse : EXIT_STATUS.failed;
  }
}

function surroundingsOf(): Surroundings {
  const say = (text: string) => void process.stderr.write(`${printable(text)}\n`);
  const log = createLogOutput({ file: logFileOf(1), onTrouble: (what) => say(`livestill: ${what}`) });
  process.once('exit', () => log.flushSync());
  return {
    environment: process.env,
    log,
    terminal: { log: process.stdout.isTTY === true, said: process.stderr.isTTY === true },
    say,
    on: (event, handler) => void process.on(event, handler),
    exit: (status) => process.exit(status),
    flush: () => log.flushSync(),
  };
}

/** What a person is told; an error nobody foresaw is told by its message alone. */
function startProblem(error: unknown): string {
  if (
    error instanceof ConfigError ||
    error instanceof StartError ||
    error instanceof UsageError ||
    error instanceof Fault ||
    error instanceof FleetError
  ) {
    return error.message;
  }
  return `the service cannot start: ${error instanceof Error ? error.message : String(error)}`;
}

function configOf(options: ServeOptions, environment: Surroundings['environment']): Config {
  const { data, host, port, adminPort, workers, config, logFormat } = options;
  return loadConfig({
    file: config,
    environment,
    overrides: { dataDir: data, host, port, adminPort, workers, logFormat },
  });
}

function logOf({ logLevel, logFormat }: Config, { log, terminal }: Surroundings): Logger {
  const human = logFormat === 'human' || (logFormat === 'auto' && terminal.log);
  return createLog(logLevel, human ? humanLog(log) : log);
}

function firstAppOf({ firstApp = true }: ServeOptions, surroundings: Surroundings): KeyPlace | 'none' {
  return firstApp ? placeOf(surroundings) : 'none';
}

const placeOf = ({ terminal }: Surroundings): KeyPlace => (terminal.said ? 'terminal' : 'file');
