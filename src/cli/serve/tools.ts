import type { Config } from '../../config/load.ts';
import { examineBeside } from '../../doctor/beside.ts';
import type { Store } from '../../store/open.ts';
import { batchSecretOf } from '../../webhook/sign.ts';
import type { ToolsDeps } from '../../wire/admin/tools.ts';
import { submitInput } from '../batch/submitted.ts';
import { baseUrl } from '../shared/curl.ts';
import { objectsOf } from '../shared/objects.ts';

/** How long the console waits for the doctor, in ms. */
const DOCTOR_WITHIN_MS = 60_000;

/**
 * What the tools of the console work with.
 * @param port of the service, once it listens
 */
export function toolsOf(config: Config, { replay, batches }: Store, port: () => number): ToolsDeps {
  const { picturesDir } = config.batch;
  const objects = objectsOf(config);
  return {
    signature: {
      replay,
      settings: { ...config.signature, bodySign: config.compat.bodySign },
      evenClock: () => performance.now(),
    },
    doctor: { examine: () => examineBeside(config, { withinMs: DOCTOR_WITHIN_MS }) },
    batches: {
      batches,
      readsPaths: picturesDir !== null,
      signsWebhooks: batchSecretOf(config) !== null,
      submit: (order, input) => {
        if (batches === null) throw new Error('there is no job queue');
        return submitInput(batches, order, { input, picturesDir, objects });
      },
    },
    service: { serviceUrl: (seenHost) => serviceUrl(config, port(), seenHost) },
  };
}

/**
 * Under which callers reach the service.
 * @param seenHost the host name that the console was asked under: where the service listens on every address,
 * it is reached under that name too
 */
export function serviceUrl(
  config: Pick<Config, 'url' | 'host' | 'tls'>,
  port: number,
  seenHost: string,
): string {
  const isEvery = config.host === '0.0.0.0' || config.host === '::';
  const host = isEvery && seenHost !== '' ? seenHost.replace(/^\[|\]$/g, '') : config.host;
  return baseUrl({ ...config, host, port });
}
