import { resolve } from 'node:path';
import { newAppid, newSecret } from '../account/generate.ts';
import { sign } from '../account/signature.ts';
import type { NewSecret } from '../account/types.ts';
import type { Config } from '../config.ts';
import { availableCores } from '../fleet/cores.ts';
import { availableMemory, megabytes } from '../fleet/memory.ts';
import { baseUrl, curlLine, shellWord } from './curl.ts';
import { lackingLine } from './engine-options.ts';
import { pairs } from './outcome.ts';
import type { Service } from './service.ts';

/** How long the signature of the first call can be used, in hours. */
const firstCallHours = 24;

/**
 * What the person at the terminal is told: where the service is, what it runs with, and how to call it. While there is no app
 * yet, one is made here and its keys are part of the text, this once.
 * @throws Fault 107 when the app cannot be kept
 */
export async function welcome(config: Config, service: Service): Promise<string> {
  const base = baseUrl({ ...config, port: service.port });
  const { maxPixels } = config.picture;
  const facts = pairs([
    ['service', `${base}/face/livedetectpicture`],
    ['v1', `${base}/v1/liveness, described at ${base}/v1/reference`],
    ['admin', `http://${config.adminHost}:${service.adminPort} (/healthz, /readyz, /metrics)`],
    ['data', resolve(config.dataDir)],
    ['workers', `${service.workers} processes (${availableCores()} processors), profile ${service.profile}`],
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
  return `livestill is ready.\n\n${facts}\n\n${await howToCall(config, service, base)}`;
}

async function howToCall(config: Config, service: Service, base: string): Promise<string> {
  const { accounts } = service.store;
  const anew = `npx livestill sign --data ${shellWord(config.dataDir)} --url ${shellWord(base)}`;
  if ((await accounts.listApps(1)).length > 0) return `A call to copy: ${anew}`;
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
