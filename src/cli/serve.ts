import { resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { type DestinationStream, type Logger, pino, stdTimeFunctions } from 'pino';
import { newAppid, newSecret } from '../account/generate.ts';
import { sign } from '../account/signature.ts';
import type { NewSecret } from '../account/types.ts';
import { type Config, ConfigError, loadConfig } from '../config.ts';
import { Fault, UsageError } from '../errors.ts';
import { availableCores } from '../fleet/cores.ts';
import { FleetError } from '../fleet/fleet.ts';
import { baseUrl, curlLine, shellWord } from './curl.ts';
import { pairs } from './outcome.ts';
import { type Service, startService } from './service.ts';
import { StartError } from './start-error.ts';

interface ServeOptions {
  readonly data?: string;
  readonly host?: string;
  readonly port?: number;
  readonly adminPort?: number;
  readonly workers?: number;
  readonly config?: string;
}

/** Exit status when the configuration cannot be used. */
const wrongUse = 2;

/** How long the signature of the first call can be used, in hours. */
const firstCallHours = 24;

/** Adds `livestill serve` to the program. */
export function registerServe(program: Command): void {
  program
    .command('serve')
    .description('run the service: POST /face/livedetectpicture')
    .option('--data <folder>', 'data folder; made at the first start (default: "data")')
    .option('--host <address>', 'address to listen on; 0.0.0.0 for every one (default: 127.0.0.1)')
    .option('--port <number>', 'port of the service; 0 takes a free one (default: 8787)', portNumber)
    .option('--admin-port <number>', 'port of /healthz and /readyz (default: 8788)', portNumber)
    .option('--workers <number>', 'worker threads that judge (default: one a processor)', workerNumber)
    .option('--config <file>', 'configuration file (default: the one LIVESTILL_CONFIG names)')
    .addHelpText(
      'after',
      `
The first start makes the data folder with one app, prints its keys once, and a complete call to
copy. Later starts print how to get a new one. The log goes to standard output, one JSON object a
line; everything for people goes to standard error.

SIGTERM and SIGINT: nothing new is accepted, what runs is finished, then the process ends.
SIGHUP: certificate and key are read anew (they are watched anyway).

Exit status: 0 ended as asked, 1 could not start, 2 the configuration cannot be used.

Examples:
  livestill serve
  livestill serve --host 0.0.0.0 --port 80 --data /var/lib/livestill
  livestill serve --config /etc/livestill.json`,
    )
    .action((options: ServeOptions) => serve(options));
}

async function serve(options: ServeOptions): Promise<void> {
  const say = (text: string) => process.stderr.write(`${text}\n`);
  try {
    const config = configOf(options);
    const destination = pino.destination({ dest: 1, sync: false });
    const log = logOf(config, destination);
    const service = await startService(config, log);
    log.info(
      { event: 'ready', port: service.port, adminPort: service.adminPort, workers: service.workers },
      'ready',
    );
    say(await welcome(config, service));
    endOnSignals(service, log, destination);
  } catch (error) {
    say(`livestill: ${startProblem(error)}`);
    process.exitCode = error instanceof ConfigError ? wrongUse : 1;
  }
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

function configOf(options: ServeOptions): Config {
  const { data, host, port, adminPort, workers, config } = options;
  return loadConfig({
    file: config,
    environment: process.env,
    overrides: { dataDir: data, host, port, adminPort, workers },
  });
}

function logOf(config: Config, destination: DestinationStream): Logger {
  return pino({ level: config.logLevel, timestamp: stdTimeFunctions.isoTime }, destination);
}

/** SIGTERM and SIGINT drain and end, a second one ends at once; SIGHUP reads the certificate anew. */
function endOnSignals(service: Service, log: Logger, destination: { flushSync(): void }): void {
  let ending = false;
  const end = async (signal: string, status: number) => {
    if (ending) {
      log.warn({ event: 'killed', signal }, 'asked twice: ending at once');
      destination.flushSync();
      process.exit(1);
    }
    ending = true;
    log.info({ event: 'draining', signal }, 'accepting nothing new');
    const cutOff = await service.stop();
    log.info({ event: 'stopped', cutOff }, 'stopped');
    destination.flushSync();
    process.exit(status);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void end(signal, 0));
  process.on('SIGHUP', () => {
    log.info({ event: 'tls_reload', signal: 'SIGHUP' }, 'reading the certificate anew');
    void service.reloadTls();
  });
  // Nobody knows what is still right after an error that nobody caught: finish what runs, then let the supervisor start anew.
  const unexpected = (err: unknown) => {
    log.fatal({ event: 'uncaught', err }, 'an error that nobody caught');
    if (!ending) void end('uncaught', 1);
  };
  process.on('uncaughtException', unexpected);
  process.on('unhandledRejection', unexpected);
}

/** What the person at the terminal is told: where the service is, what it runs with, and how to call it. */
async function welcome(config: Config, service: Service): Promise<string> {
  const base = baseUrl({ ...config, port: service.port });
  const { maxPixels } = config.picture;
  const facts = pairs([
    ['service', `${base}/face/livedetectpicture`],
    ['admin', `http://${config.adminHost}:${service.adminPort} (/healthz, /readyz)`],
    ['data', resolve(config.dataDir)],
    ['workers', `${service.workers} (${availableCores()} processors), profile ${config.profile}`],
    ['waiting', `at most ${config.queueWaitMs} ms for a worker, then -5802`],
    ['limits', `body ${config.maxBodyBytes} bytes, picture ${maxPixels / 1_000_000} megapixels`],
  ]);
  return `livestill is ready.\n\n${facts}\n\n${await howToCall(config, service, base)}`;
}

async function howToCall(config: Config, service: Service, base: string): Promise<string> {
  const { accounts } = service.store;
  const anew = `livestill sign --data ${shellWord(config.dataDir)} --url ${shellWord(base)}`;
  if ((await accounts.listApps()).length > 0) return `A call to copy: ${anew}`;
  const [appid, secret] = [newAppid(), newSecret()];
  await accounts.createApp({ appid, name: 'first app' }, secret);
  return `A first app was made. Its keys are shown this once; keep them safe.

${pairs([
  ['appid', appid],
  ['SecretId', secret.secretId],
  ['SecretKey', secret.secretKey],
])}

A call to copy, with a picture of yours in place of selfie.jpg (usable for ${firstCallHours} hours):

${curlLine({ base, appid, signature: firstSignature(appid, secret), image: 'selfie.jpg' })}

A new one later: ${anew}`;
}

function firstSignature(appid: string, secret: NewSecret): string {
  const issued = Math.floor(Date.now() / 1000);
  const content = {
    appid,
    secretId: secret.secretId,
    bucket: undefined,
    expires: issued + firstCallHours * 3600,
    issued,
    rand: issued % 100_000,
    fileid: undefined,
  };
  return sign(content, secret.secretKey);
}

function portNumber(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535) {
    throw new InvalidArgumentError('Expected a port from 0 to 65535.');
  }
  return port;
}

function workerNumber(text: string): number {
  const workers = Number(text);
  if (!/^\d{1,3}$/.test(text) || workers < 1 || workers > 256) {
    throw new InvalidArgumentError('Expected a whole number from 1 to 256.');
  }
  return workers;
}
