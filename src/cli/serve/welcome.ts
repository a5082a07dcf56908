import { resolve } from 'node:path';
import type { Config } from '../../config/load.ts';
import { availableCores } from '../../fleet/cores.ts';
import { availableMemory, megabytes } from '../../fleet/memory.ts';
import { count } from '../../report/count.ts';
import { postgresSettings, redisSettings, shownAddress, shownRedis } from '../../store/open.ts';
import { baseUrl, shellWord } from '../shared/curl.ts';
import { lackingLine } from '../shared/engine-options.ts';
import { pairs } from '../shared/outcome.ts';
import { ownCommand } from '../shared/own-command.ts';
import { consoleLines } from './console.ts';
import { type KeyPlace, makeFirstApp } from './first-app.ts';
import type { Service } from './service.ts';

/**
 * What the person who starts the service is told: where it is, what it runs with, and how to call it. While
 * there is no app yet, one is made here unless `firstApp` is `none`; its keys go where `firstApp` says, and
 * the link that makes the first user of the console where `place` says.
 * @throws {Fault} 107 when the app cannot be kept
 * @throws {StartError} when the file for its keys cannot be written
 */
export async function welcome(
  config: Config,
  service: Service,
  firstApp: KeyPlace | 'none',
  place: KeyPlace,
): Promise<string> {
  const base = baseUrl({ ...config, port: service.port });
  const { maxPixels } = config.picture;
  const facts = pairs([
    ['service', `${base}/face/livedetectpicture`],
    ['v1', `${base}/v1/liveness, described at ${base}/v1/reference`],
    ['admin', `http://${config.adminHost}:${service.adminPort} (/healthz, /readyz, /metrics)`],
    ...(service.console === null ? [] : await consoleLines(config, service.console, place)),
    ['data', resolve(config.dataDir)],
    ...(config.store === null ? [] : [['store', shownStore(config)] as [string, string]]),
    [
      'workers',
      `${count(service.workers, 'process', 'processes')} (${count(availableCores(), 'processor')}), profile ${service.profile}`,
    ],
    ...(service.lacking === null
      ? []
      : [['networks', lackingLine(service.profile, service.lacking)] as [string, string]]),
    [
      'memory',
      `${megabytes(availableMemory())} MB, of which each worker may take ${megabytes(service.workerMemoryBytes)} MB`,
    ],
    ['waiting', `at most ${config.queueWaitMs} ms for a worker, then -5802`],
    [
      'limits',
      `body ${config.maxBodyBytes} bytes (${megabytes(service.bodyMemoryBytes)} MB all together), picture ${maxPixels / 1_000_000} megapixels`,
    ],
  ]);
  return `livestill is ready.\n\n${facts}\n\n${await howToCall(config, service, base, firstApp)}`;
}

/** The database, without its password. */
function shownStore(config: Config): string {
  if (config.store === null) return 'SQLite';
  const database = shownAddress(postgresSettings(config.store, config.postgres));
  const redis = redisSettings(config.redis, config.signature);
  return redis === undefined ? database : `${database}, ${shownRedis(redis)}`;
}

async function howToCall(
  config: Config,
  service: Service,
  base: string,
  firstApp: KeyPlace | 'none',
): Promise<string> {
  const { accounts } = service.store;
  const data = shellWord(config.dataDir);
  const anew = `${ownCommand()} sign --data ${data} --url ${shellWord(base)}`;
  if ((await accounts.listApps(1)).length > 0) return `A call to copy: ${anew}`;
  if (firstApp === 'none') return `There is no app yet. Make one: ${ownCommand()} app create --data ${data}`;
  return `${await makeFirstApp(config, accounts, base, firstApp)}\n\nA new one later: ${anew}`;
}
