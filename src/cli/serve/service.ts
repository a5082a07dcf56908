import type { Logger } from 'pino';
import type { Config } from '../../config/load.ts';
import type { Console } from '../../console/console.ts';
import type { Lacking } from '../../engine.ts';
import type { Fleet } from '../../fleet/fleet.ts';
import { availableMemory, bodyMemoryFor } from '../../fleet/memory.ts';
import { writeAnewWith } from '../../jobs/erased.ts';
import { createRefusalCounter, type RefusalCounter } from '../../ledger/refusals.ts';
import { createScoreCounter, type ScoreCounter } from '../../ledger/score-counter.ts';
import { DEFAULT_PROFILE } from '../../liveness/profiles.ts';
import type { Profile } from '../../liveness/types.ts';
import { copiesIn } from '../../store/core/data-folder.ts';
import type { Store } from '../../store/open.ts';
import { CONSOLE_FOLDER } from '../../wire/admin/console-files.ts';
import { overviewAreas } from '../../wire/admin/overview.ts';
import { type AdminServer, createAdminServer } from '../../wire/admin/server.ts';
import type { ThresholdDeps } from '../../wire/admin/threshold.ts';
import { toolsAreas } from '../../wire/admin/tools.ts';
import type { TryJudging } from '../../wire/admin/try.ts';
import { createFailedTries, type FailedTries } from '../../wire/http/failed-tries.ts';
import type { Server } from '../../wire/http/server.ts';
import { loadTls, type TlsIdentity, watchTls } from '../../wire/http/tls.ts';
import { type BodyMemory, createBodyMemory } from '../../wire/intake/body-memory.ts';
import { createMetrics, type Metrics } from '../../wire/metrics/metrics.ts';
import { metricsTrouble } from '../shared/metrics-trouble.ts';
import { objectsOf } from '../shared/objects.ts';
import { operatingTables } from '../shared/operating-tables.ts';
import { reviewLimitsOf } from '../shared/review-limits.ts';
import { tracesOf } from '../shared/traces.ts';
import { version } from '../shared/version.ts';
import { watchBatchFigures } from './batch-figures.ts';
import { consoleOf, type Places } from './console.ts';
import { freeBytesAt, readinessChecks } from './readiness.ts';
import { decisionDepsOf, serverOf } from './server.ts';
import { startSessionUpkeep } from './sessions.ts';
import { StartError } from './start-error.ts';
import { noteStart, openStoreOf, startRetentionOf } from './store.ts';
import { toolsOf } from './tools.ts';
import { checkProfiles, startFleetOf } from './workers.ts';

/** How far the start has come. */
interface State {
  ready: boolean;
  draining: boolean;
  fleet?: Fleet;
  /** What the console judges with. */
  judging?: TryJudging;
}

/** A running service. */
export interface Service {
  readonly store: Store;
  readonly workers: number;
  /** The profile of pictures that are judged without one being named. */
  readonly profile: Profile;
  /** What cannot be used for want of networks; null where everything is in place. */
  readonly lacking: Lacking | null;
  /** Resident memory each worker may take, in bytes. */
  readonly workerMemoryBytes: number;
  /** What all bodies together may hold, in bytes. */
  readonly bodyMemoryBytes: number;
  /** The ports that were taken, where the configuration said 0. */
  readonly port: number;
  readonly adminPort: number;
  /** Null where it is switched off. */
  readonly console: Console | null;
  /** Looks at certificate and key at once. */
  reloadTls(): Promise<void>;
  /** Drains and closes everything, in order. How many requests were cut off. */
  stop(): Promise<number>;
}

/**
 * The composition root: store, accounts, workers, servers, put together from the configuration. Resolves when
 * the service takes requests; what was opened is closed again when a later step fails.
 * @throws {StartError} when a port is taken, or an app asks for a profile that cannot be judged with
 * @throws {UsageError} when certificate or key cannot be used
 * @throws {Fault} when the store cannot be opened
 * @throws {FleetError} when no worker can be started
 */
export async function startService(config: Config, log: Logger): Promise<Service> {
  const tlsFiles = tlsFilesOf(config);
  const tls = tlsFiles === undefined ? undefined : await loadTls(tlsFiles);
  const measured = { tables: await operatingTables(config), reviewLimits: await reviewLimitsOf(config) };
  const { tables, reviewLimits } = measured;
  const closing: (() => Promise<unknown>)[] = [];
  const state: State = { ready: false, draining: false };
  try {
    const store = await openStoreOf(config, log);
    closing.unshift(() => store.close());
    await noteStart(store, config);
    const metrics = createMetrics({
      version,
      node: store.health?.node,
      onTrouble: metricsTrouble(log),
    });
    closing.unshift(async () => metrics.stop());
    const places: Places = { port: config.port, adminPort: config.adminPort };
    const console = consoleOf(config, store, places);
    const admin = createAdmin(config, log, { state, store, metrics, console, places, measured });
    closing.unshift(() => admin.close());
    const adminPort = await listen('admin port', admin, config.adminHost, config.adminPort);
    places.adminPort = adminPort;
    const fleet = await startFleetOf(config, log);
    closing.unshift(() => fleet.close());
    state.fleet = fleet;
    await checkProfiles(fleet, store, log);
    const bodies = bodyMemoryOf(config);
    const refusals = refusalCounterOf(store, log);
    closing.unshift(() => refusals.stop());
    const failedTries = failedTriesOf(config, log);
    const traces = await tracesOf(config, log, store.health?.node);
    closing.unshift(async () => traces?.stop());
    const scores = scoreCounterOf(store, log);
    closing.unshift(() => scores.stop());
    const parts = {
      store,
      fleet,
      metrics,
      bodies,
      failedTries,
      tls,
      tables,
      reviewLimits,
      refusals,
      traces,
      scores,
    };
    const judging = decisionDepsOf(config, log, parts);
    const server = serverOf(config, log, parts, judging);
    closing.unshift(() => server.drain(0));
    const retention = startRetentionOf(config, log, store);
    closing.unshift(() => retention.stop());
    const sessions = startSessionUpkeep(config, log, store, { observer: metrics.observer, traces });
    closing.unshift(() => sessions.stop());
    const certificate = tls === undefined ? {} : { certificate: () => server.tls?.expiresAt };
    const figures = store.batches === null ? undefined : watchBatchFigures(store.batches);
    closing.unshift(async () => figures?.stop());
    metrics.watch({
      fleet,
      server,
      bodies,
      failedTries,
      batches: figures?.seen,
      sessions: sessions.seen,
      store: store.health,
      sqlite: store.sqlite,
      redis: store.redis,
      traces: traces?.counts,
      drift: () => scores.drift,
      clock: () => retention.seen,
      ...certificate,
    });
    const port = await listen('port', server, config.host, config.port);
    places.port = port;
    const watch = watchOf(tlsFiles, tls, server, log);
    state.judging = { ...judging, threshold: config.threshold };
    state.ready = true;
    return {
      store,
      workers: fleet.workers,
      profile: fleet.profile,
      lacking: fleet.lacking,
      workerMemoryBytes: fleet.workerMemoryBytes,
      bodyMemoryBytes: bodies.limit,
      port,
      adminPort,
      console,
      reloadTls: async () => watch?.reload(),
      async stop() {
        state.draining = true;
        delete state.judging;
        watch?.stop();
        figures?.stop();
        const { cutOff } = await server.drain(config.timeouts.drainMs);
        for (const part of [sessions, refusals, retention, scores]) await part.stop();
        for (const part of [fleet, store, admin]) await part.close();
        metrics.stop();
        await traces?.stop();
        return cutOff;
      },
    };
  } catch (error) {
    for (const close of closing) await close().catch(() => {});
    throw error;
  }
}

interface AdminParts {
  readonly measured: Pick<ThresholdDeps, 'tables' | 'reviewLimits'>;
  readonly state: State;
  readonly store: Store;
  readonly metrics: Metrics;
  readonly console: Console | null;
  readonly places: Places;
}

function createAdmin(
  config: Config,
  log: Logger,
  { state, store, metrics, console, places, measured }: AdminParts,
): AdminServer {
  const { threshold, capture, trustedProxies, proxyHeader } = config;
  const profile = config.profile ?? DEFAULT_PROFILE;
  const api = {
    proxies: { trustedProxies, proxyHeader },
    version,
    defaults: { threshold, capture, profile, reviewLimits: measured.reviewLimits },
    operatingPoints: measured.tables,
    notReached: () => copiesIn(config.dataDir),
    writeAnew: writeAnewWith({ batches: store.batches, objects: objectsOf(config) }),
    areas: [
      ...overviewAreas({
        ...measured,
        ledger: store.ledger,
        chains: store.chains,
        clock: () => Date.now(),
        judging: () => state.judging,
        maxBodyBytes: config.maxBodyBytes,
      }),
      ...toolsAreas(toolsOf(config, store, () => places.port)),
    ],
  };
  return createAdminServer(
    readinessChecks({ state, store, log, freeBytes: () => freeBytesAt(config.dataDir) }),
    log,
    metrics,
    () => networksOf(state.fleet),
    console === null ? undefined : { ...api, console },
    console === null ? undefined : CONSOLE_FOLDER,
    config.console.url === null ? [] : [new URL(config.console.url).hostname],
  );
}

/** What `/readyz` says of the networks: the profile in use, and what is missing. */
function networksOf(fleet: Fleet | undefined): Readonly<Record<string, unknown>> {
  if (fleet === undefined) return {};
  return { profile: fleet.profile, ...(fleet.lacking === null ? {} : { lacking: fleet.lacking }) };
}

function bodyMemoryOf({ maxBodiesMb }: Config): BodyMemory {
  return createBodyMemory(
    maxBodiesMb === null ? bodyMemoryFor(availableMemory()) : maxBodiesMb * 1024 * 1024,
  );
}

function refusalCounterOf({ ledger }: Store, log: Logger): RefusalCounter {
  return createRefusalCounter({
    ledger,
    clock: () => Date.now(),
    version,
    onTrouble: (err) =>
      log.error({ event: 'refusals_not_kept', err }, 'counts of refused requests were not kept'),
  });
}

function scoreCounterOf({ scores }: Store, log: Logger): ScoreCounter {
  return createScoreCounter({
    store: scores,
    clock: () => Date.now(),
    onTrouble: (err) => log.warn({ event: 'scores_not_kept', err }, 'counts of scores are kept back'),
  });
}

function failedTriesOf({ failedTries: { perMinute } }: Config, log: Logger): FailedTries | undefined {
  if (perMinute === null) return undefined;
  return createFailedTries({
    perMinute,
    clock: () => performance.now(),
    onRefused: (counts) =>
      log.warn({ event: 'failed_tries', ...counts }, 'requests without a valid key are refused'),
  });
}

interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

function tlsFilesOf({ tls: { cert, key } }: Config): TlsFiles | undefined {
  return cert === null || key === null ? undefined : { cert, key };
}

/** Looks for new certificate files; undefined without TLS. */
function watchOf(
  files: TlsFiles | undefined,
  current: TlsIdentity | undefined,
  server: Server,
  log: Logger,
): ReturnType<typeof watchTls> | undefined {
  if (files === undefined || current === undefined) return undefined;
  return watchTls({ files, current, use: server.useTls, clock: () => Date.now(), log });
}

async function listen(
  what: string,
  server: Server | AdminServer,
  host: string,
  port: number,
): Promise<number> {
  try {
    return await server.listen(host, port);
  } catch (cause) {
    throw StartError.ofListening(what, host, port, cause);
  }
}
