import type { Logger } from 'pino';
import type { Config } from '../../config/load.ts';
import { type Fleet, startFleet } from '../../fleet/fleet.ts';
import { fleetSize } from '../../fleet/memory.ts';
import type { Store } from '../../store/open.ts';
import { lackingLine } from '../shared/engine-options.ts';
import { StartError } from './start-error.ts';

/** Starts the workers as the configuration says; their troubles stand in the log. */
export function startFleetOf(config: Config, log: Logger): Promise<Fleet> {
  const { models, picture, profile, review, threshold } = config;
  return startFleet({
    ...fleetSize(config),
    queueWaitMs: config.queueWaitMs,
    pinWorkers: config.pinWorkers,
    startTimeoutMs: config.timeouts.workerStartMs,
    engine: {
      ...(profile === null ? {} : { profile }),
      threshold,
      capture: config.capture,
      packs: models.packs,
      ...(review.low === null || review.high === null
        ? {}
        : { review: { low: review.low, high: review.high } }),
      limits: { bytes: picture.maxBytes, pixels: picture.maxPixels, side: picture.maxSide },
      ...(models.dir === null ? {} : { modelsDir: models.dir }),
    },
    onTrouble: (err) => log.error({ event: 'worker_trouble', err }, 'trouble with a worker'),
  });
}

/**
 * Where networks are missing, says so in the log, and looks for apps that ask for what cannot be judged.
 * @throws {StartError} when there is such an app
 */
export async function checkProfiles({ profile, lacking }: Fleet, store: Store, log: Logger): Promise<void> {
  if (lacking === null) return;
  log.warn({ event: 'networks_missing', profile, ...lacking }, lackingLine(profile, lacking));
  const appid = await store.accounts.findAppWithProfile(lacking.profiles);
  if (appid === null) return;
  throw new StartError(
    `the app ${appid} asks for a profile that needs ${lacking.networks.join(' and ')}, which are not in place: run ` +
      `"${lacking.command}", or give the app another profile with "livestill app policy ${appid} --profile single"`,
  );
}
