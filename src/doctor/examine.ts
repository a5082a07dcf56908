import { constants } from 'node:fs';
import { access, statfs } from 'node:fs/promises';
import { type Config, ConfigError } from '../config/load.ts';
import { availableCores } from '../fleet/cores.ts';
import { availableMemory } from '../fleet/memory.ts';
import { redisSettings } from '../store/open.ts';
import { CONSOLE_FOLDER } from '../wire/admin/console-files.ts';
import { checkCertificate } from './certificate.ts';
import { type Check, configurationFailed } from './check.ts';
import { checkCollector } from './collector.ts';
import { checkConsole } from './console.ts';
import { checkFiles, checkFolder, checkSpace, type WhyNotWritten } from './data-folder.ts';
import { checkDatabase } from './database.ts';
import { checkMemory, type Resources } from './memory.ts';
import { checkModels } from './models.ts';
import { checkNativeLibraries } from './native.ts';
import { checkNode } from './node.ts';
import { checkPorts } from './ports.ts';
import { checkPostgres } from './postgres.ts';
import { checkProvider } from './provider.ts';
import { checkRedis } from './redis.ts';
import { checkStorage } from './storage.ts';

/** What the checks ask of the machine; a test brings its own. */
export interface Machine extends Resources {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** As in `process.version`. */
  readonly nodeVersion: string;
  /** Of this process; undefined where the system has none. */
  readonly uid: number | undefined;
  /** Bytes that this user may still write on the disk of `path`. Rejects with the system's error. */
  readonly freeBytes: (path: string) => Promise<number>;
  readonly whyNotWritten: WhyNotWritten;
  /** Where the built console lies. */
  readonly consoleFolder: string;
}

/** The machine that this process runs on. */
export const THIS_MACHINE: Machine = {
  now: () => Date.now(),
  nodeVersion: process.version,
  uid: process.getuid?.(),
  async freeBytes(path) {
    const { bavail, bsize } = await statfs(path);
    return bavail * bsize;
  },
  memoryBytes: availableMemory(),
  cores: availableCores(),
  whyNotWritten: (path) =>
    access(path, constants.W_OK).then(
      () => null,
      (error: NodeJS.ErrnoException) => error.code ?? 'unknown',
    ),
  consoleFolder: CONSOLE_FOLDER,
};

/**
 * Every check of an installation, in the order in which they are shown. Changes nothing.
 * @param readConfig as `loadConfig`: a `ConfigError` is a check that failed
 */
export async function examine(readConfig: () => Config, machine: Machine): Promise<readonly Check[]> {
  let config: Config;
  try {
    config = readConfig();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return [checkNode(machine.nodeVersion), configurationFailed(error)];
  }
  const checks: Check[] = [];
  await examineRunning(config, machine, (check) => checks.push(check));
  return [...checks, ...(await checkPorts(config))];
}

/**
 * The checks that make sense beside a service that runs with this configuration: all but those of its ports,
 * which it has.
 * @param tell called with each check as soon as it is done
 */
export async function examineRunning(
  config: Config,
  machine: Machine,
  tell: (check: Check) => void,
): Promise<void> {
  const { dataDir, masterKey } = config;
  const tellAll = (checks: readonly Check[]) => checks.forEach(tell);
  tell(checkNode(machine.nodeVersion));
  const libraries = await checkNativeLibraries();
  tellAll(libraries);
  const hasDatabase = libraries.every(({ name, status }) => name !== 'database library' || status === 'ok');
  tell(checkMemory(config, machine));
  // With PostgreSQL nothing that is kept lies in the folder.
  const whyNotWritten = config.store === null ? machine.whyNotWritten : null;
  const folder = await checkFolder(dataDir, machine.uid, whyNotWritten);
  tell(folder.check);
  if (folder.isThere) {
    tellAll(await checkFiles(dataDir, masterKey, whyNotWritten));
    tell(checkSpace(await machine.freeBytes(dataDir)));
    if (hasDatabase && config.store === null) tellAll(checkDatabase(dataDir, masterKey, machine.now()));
  }
  if (config.store !== null) tell(await checkPostgres(config.store, config));
  const redis = redisSettings(config.redis, config.signature);
  if (redis !== undefined) tell(await checkRedis(redis));
  await examineServices(config, machine, tell);
  tellAll(await checkModels(config));
  if (config.console.enabled) tell(checkConsole(machine.consoleFolder));
  tellAll(await checkCertificate(config, machine.now()));
}

/** The services that the configuration names beside the stores. */
async function examineServices(
  { s3, console: { oidc }, traces }: Config,
  { now }: Machine,
  tell: (check: Check) => void,
): Promise<void> {
  if (s3.endpoint !== null) tell(await checkStorage(s3.endpoint, s3, now));
  if (oidc.issuer !== null) tell(await checkProvider(oidc.issuer, oidc, fetch));
  if (traces.endpoint !== null) tell(await checkCollector(traces.endpoint, traces.authorization, fetch));
}
