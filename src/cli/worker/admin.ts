import type { Logger } from 'pino';
import type { Config } from '../../config/load.ts';
import type { Fleet } from '../../fleet/fleet.ts';
import type { BatchStore } from '../../jobs/types.ts';
import type { Store } from '../../store/open.ts';
import type { Traces } from '../../traces/types.ts';
import { createAdminServer } from '../../wire/admin/server.ts';
import { createWorkerMetrics, type WorkerObserver } from '../../wire/metrics/worker.ts';
import { watchBatchFigures } from '../serve/batch-figures.ts';
import { freeBytesAt, readinessChecks, type ServiceState } from '../serve/readiness.ts';
import { StartError } from '../serve/start-error.ts';
import { metricsTrouble } from '../shared/metrics-trouble.ts';
import { version } from '../shared/version.ts';

/** The admin port of a process that works on batches. */
export interface WorkerAdmin {
  /** The port that was taken. */
  readonly port: number;
  /** Counts what happens, for the page. */
  readonly observer: WorkerObserver;
  /** Adds the figures of what stands by now, and the profile to `/readyz`. */
  watch(parts: {
    readonly fleet: Fleet;
    readonly batches: BatchStore;
    readonly traces: Traces | undefined;
  }): void;
  close(): Promise<void>;
}

/**
 * Opens the admin port: `/healthz`, `/readyz` and `/metrics` as the service has them, no console; null where
 * none is configured.
 * @throws {StartError} when nothing can listen there
 */
export async function openAdmin(
  config: Config,
  log: Logger,
  store: Store,
  state: ServiceState,
): Promise<WorkerAdmin | null> {
  const { adminHost, dataDir } = config;
  const { adminPort } = config.batch;
  if (adminPort === null) return null;
  const metrics = createWorkerMetrics({
    version,
    node: store.health?.node,
    onTrouble: metricsTrouble(log),
  });
  let facts: Readonly<Record<string, unknown>> = {};
  let figures: ReturnType<typeof watchBatchFigures> | undefined;
  const checks = readinessChecks({ state, store, log, freeBytes: () => freeBytesAt(dataDir) });
  const server = createAdminServer(checks, log, metrics, () => facts);
  const close = async () => {
    figures?.stop();
    await server.close();
    metrics.stop();
  };
  try {
    const port = await server.listen(adminHost, adminPort);
    return {
      port,
      observer: metrics.observer,
      watch({ fleet, batches, traces }) {
        figures = watchBatchFigures(batches);
        metrics.watch({
          fleet,
          batches: figures.seen,
          store: store.health,
          redis: store.redis,
          traces: traces?.counts,
        });
        facts = { profile: fleet.profile, ...(fleet.lacking === null ? {} : { lacking: fleet.lacking }) };
      },
      close,
    };
  } catch (cause) {
    await close();
    throw StartError.ofListening('admin port', adminHost, adminPort, cause);
  }
}
