import type { Logger } from 'pino';
import { createApiKeyAuthenticator } from '../../account/api-key/check.ts';
import type { IdempotencyBounds } from '../../account/api-key/idempotency.ts';
import { createAuthenticator } from '../../account/authenticate.ts';
import { createLimiter } from '../../account/limiter.ts';
import { type Config, configForRecord } from '../../config/load.ts';
import type { Lacking } from '../../engine.ts';
import { type Fleet, startFleet } from '../../fleet/fleet.ts';
import { availableMemory, bodyMemoryFor, fleetSize } from '../../fleet/memory.ts';
import { createRefusalCounter, type RefusalCounter } from '../../ledger/refusals.ts';
import { type Retention, startRetention } from '../../ledger/retention.ts';
import type { Profile } from '../../liveness/types.ts';
import { createDownloader } from '../../picture/download/download.ts';
import { openStore, type Store } from '../../store/open.ts';
import { type AdminServer, createAdminServer } from '../../wire/admin/health.ts';
import { type BodyMemory, createBodyMemory } from '../../wire/body-memory.ts';
import { connectionLimits, openFilesLimit } from '../../wire/connection-limits.ts';
import { createFailedTries, type FailedTries } from '../../wire/failed-tries.ts';
import { createMetrics, type Metrics } from '../../wire/metrics/metrics.ts';
import { observedLedger } from '../../wire/metrics/observed-ledger.ts';
import { createLegacyServer, type LegacyServer, type LegacyServerSettings } from '../../wire/server.ts';
import { loadTls, type TlsIdentity, watchTls } from '../../wire/tls.ts';
import { defaultTransport } from '../../wire/transport.ts';
import { createV1 } from '../../wire/v1/face.ts';
import type { OperatingTable } from '../../wire/v1/operating-points.ts';
import { systemActor } from '../shared/actor.ts';
import { lackingLine } from '../shared/engine-options.ts';
import { operatingTables } from '../shared/operating-tables.ts';
import { version } from '../shared/version.ts';
import { freeBytesAt, readinessChecks } from './readiness.ts';
import { StartError } from './start-error.ts';

/** How far the start has come. */
interface State {
  ready: boolean;
  draining: boolean;
  fleet?: Fleet;
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
  /** Looks at certificate and key at once. */
  reloadTls(): Promise<void>;
  /** Drains and closes everything, in order. How many requests were cut off. */
  stop(): Promise<number>;
}

/**
 * The composition root: store, accounts, workers, servers, put together from the configuration. Resolves when the service
 * takes requests; what was opened is closed again when a later step fails.
 * @throws StartError, UsageError (TLS, operating points), Fault (store), FleetError (workers), each with what to do
 */
export async function startService(config: Config, log: Logger): Promise<Service> {
  const tlsFiles = tlsFilesOf(config);
  const tls = tlsFiles === undefined ? undefined : await loadTls(tlsFiles);
  const tables = await operatingTables(config);
  const closing: (() => Promise<unknown>)[] = [];
  const state: State = { ready: false, draining: false };
  try {
    const store = await openStoreOf(config, log);
    closing.unshift(() => store.close());
    await noteStart(store, config);
    const metrics = metricsOf(log);
    closing.unshift(async () => metrics.stop());
    const admin = createAdminServer(
      readinessChecks({ state, store, log, freeBytes: () => freeBytesAt(config.dataDir) }),
      log,
      metrics,
      () => networksOf(state.fleet),
    );
    closing.unshift(() => admin.close());
    const adminPort = await listen('admin port', admin, config.adminHost, config.adminPort);
    const fleet = await startFleetOf(config, log);
    closing.unshift(() => fleet.close());
    state.fleet = fleet;
    await checkProfiles(fleet, store, log);
    const { maxBodiesMb } = config;
    const bodies = createBodyMemory(
      maxBodiesMb === null ? bodyMemoryFor(availableMemory()) : maxBodiesMb * 1024 * 1024,
    );
    const refusals = createRefusalCounter({
      ledger: store.ledger,
      clock: () => Date.now(),
      version,
      onTrouble: (err) =>
        log.error({ event: 'refusals_not_kept', err }, 'counts of refused requests were not kept'),
    });
    closing.unshift(() => refusals.stop());
    const failedTries = failedTriesOf(config, log);
    const parts = { store, fleet, metrics, bodies, failedTries, tls, tables, refusals };
    const server = createServer(config, log, parts);
    closing.unshift(() => server.drain(0));
    const retention = startRetentionOf(config, log, store);
    closing.unshift(() => retention.stop());
    metrics.watch({
      fleet,
      server,
      bodies,
      failedTries,
      clock: () => retention.seen,
      ...(tls === undefined ? {} : { certificate: () => server.tls?.expiresAt }),
    });
    const port = await listen('port', server, config.host, config.port);
    const watch =
      tlsFiles &&
      tls &&
      watchTls({ files: tlsFiles, current: tls, use: server.useTls, clock: () => Date.now(), log });
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
      reloadTls: async () => watch?.reload(),
      async stop() {
        state.draining = true;
        watch?.stop();
        const { cutOff } = await server.drain(config.timeouts.drainMs);
        await refusals.stop();
        await retention.stop();
        await fleet.close();
        await store.close();
        await admin.close();
        metrics.stop();
        return cutOff;
      },
    };
  } catch (error) {
    for (const close of closing) await close().catch(() => {});
    throw error;
  }
}

/** The log of changes has the settings of each start beside those of the start before, so that a change of them stands out. */
async function noteStart({ chains }: Store, config: Config): Promise<void> {
  const action = 'service.start';
  const [last] = await chains.adminLog(1, { action });
  const after = { version, config: configForRecord(config) };
  await chains.note({ action, target: '', before: last?.after ?? null, after });
}

/** A figure that cannot be taken is told of in the log, the first time. */
function metricsOf(log: Logger): Metrics {
  let told = false;
  const onTrouble = (err: unknown) => {
    if (!told) log.error({ event: 'metrics_trouble', err }, 'a figure of /metrics is missing or too low');
    told = true;
  };
  return createMetrics({ version, onTrouble });
}

/** What `/readyz` says of the networks: the profile in use, and what is missing. */
function networksOf(fleet: Fleet | undefined): Readonly<Record<string, unknown>> {
  if (fleet === undefined) return {};
  return { profile: fleet.profile, ...(fleet.lacking === null ? {} : { lacking: fleet.lacking }) };
}

/**
 * Where networks are missing, says so in the log, and looks for apps that ask for what cannot be judged.
 * @throws StartError naming such an app and what to do
 */
async function checkProfiles({ profile, lacking }: Fleet, store: Store, log: Logger): Promise<void> {
  if (lacking === null) return;
  log.warn({ event: 'networks_missing', profile, ...lacking }, lackingLine(profile, lacking));
  const appid = await store.accounts.findAppWithProfile(lacking.profiles);
  if (appid === null) return;
  throw new StartError(
    `the app ${appid} asks for a profile that needs ${lacking.networks.join(' and ')}, which are not in place: run ` +
      `"${lacking.command}", or give the app another profile with "livestill app policy ${appid} --profile single"`,
  );
}

function openStoreOf(config: Config, log: Logger): Promise<Store> {
  return openStore({
    dataDir: config.dataDir,
    sync: config.ledger.sync,
    idempotency: idempotencyBounds(config),
    migrationBackups: config.backup.beforeMigration,
    onMigrated: (migrated) =>
      log.warn({ event: 'migrated', ...migrated }, 'the tables of an older version were brought up to date'),
    onTrouble: (err) => log.error({ event: 'store_trouble', err }, 'trouble with the store'),
    actor: systemActor(),
    ...(config.masterKey === null ? {} : { masterKey: config.masterKey }),
    ...(config.auditKey === null ? {} : { auditKey: config.auditKey }),
  });
}

function idempotencyBounds({ idempotency }: Config): IdempotencyBounds {
  const { maxRowsPerApp, maxMbPerApp, maxRows, maxMb } = idempotency;
  const bytes = (mb: number) => mb * 1024 * 1024;
  return { rowsPerApp: maxRowsPerApp, bytesPerApp: bytes(maxMbPerApp), rows: maxRows, bytes: bytes(maxMb) };
}

function startFleetOf(config: Config, log: Logger): Promise<Fleet> {
  const { models, picture, profile, review, threshold } = config;
  return startFleet({
    ...fleetSize(config),
    queueWaitMs: config.queueWaitMs,
    pinWorkers: config.pinWorkers,
    startTimeoutMs: config.timeouts.workerStartMs,
    engine: {
      ...(profile === null ? {} : { profile }),
      threshold,
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

function failedTriesOf({ failedTries: { perMinute } }: Config, log: Logger): FailedTries | undefined {
  if (perMinute === null) return undefined;
  return createFailedTries({
    perMinute,
    clock: () => performance.now(),
    onRefused: (counts) =>
      log.warn({ event: 'failed_tries', ...counts }, 'requests without a valid key are refused'),
  });
}

interface Parts {
  readonly store: Store;
  readonly fleet: Fleet;
  readonly metrics: Metrics;
  readonly bodies: BodyMemory;
  readonly failedTries: FailedTries | undefined;
  readonly tls: TlsIdentity | undefined;
  readonly tables: readonly OperatingTable[];
  readonly refusals: RefusalCounter;
}

function createServer(config: Config, log: Logger, parts: Parts): LegacyServer {
  const { store, fleet, metrics, bodies, failedTries, tls, tables, refusals } = parts;
  const clock = () => Date.now();
  const { accounts, apiKeys, idempotency, replay, usage } = store;
  const { observer } = metrics;
  const { download, picture } = config;
  const signature = { ...config.signature, bodySign: config.compat.bodySign };
  // Shared by both APIs: one admission, one count of an app's requests, one ledger.
  const shared = {
    version,
    refusals,
    limiter: createLimiter({ clock, usage }),
    downloader: createDownloader({ ...download, maxBytes: picture.maxBytes, observe: observer.download }),
    judge: fleet,
    ledger: observedLedger(store.ledger, observer),
    bodies,
    failedTries,
    clock,
    log,
    observer,
  };
  const { cors, maxBodyBytes, threshold } = config;
  return createLegacyServer({
    ...shared,
    authenticator: createAuthenticator({ accounts, replay, clock, settings: signature }),
    v1: createV1({
      ...shared,
      apiKeys: createApiKeyAuthenticator({ apiKeys, clock }),
      idempotency,
      maxBodyBytes,
      settings: { cors, profile: fleet.profile, threshold, version, tables },
    }),
    tls,
    settings: serverSettings(config),
  });
}

function serverSettings(config: Config): LegacyServerSettings {
  const { timeouts } = config;
  return {
    maxBodyBytes: config.maxBodyBytes,
    compat: config.compat,
    cors: config.cors,
    trustedProxies: config.trustedProxies,
    proxyHeader: config.proxyHeader,
    trustRequestId: config.requestId.trustHeader,
    transport: {
      ...defaultTransport,
      headersTimeout: timeouts.headersMs,
      requestTimeout: timeouts.requestMs,
      keepAliveTimeout: timeouts.keepAliveMs,
      ...connectionLimits(config.connections, openFilesLimit()),
    },
  };
}

function startRetentionOf(config: Config, log: Logger, store: Store): Retention {
  const days = config.ledger.retentionDays;
  return startRetention({
    ledger: store.ledger,
    upkeep: store.upkeep,
    days,
    clock: () => Date.now(),
    evenClock: () => performance.now(),
    onPruned: (rows, others) =>
      log.info({ event: 'ledger_pruned', rows, others, days }, 'old records deleted'),
    onClock: ({ time, wall, jump }, seen) =>
      log[seen === 'jumped' ? 'error' : 'warn'](
        {
          event: seen === 'jumped' ? 'clock_jump' : 'clock_behind',
          recordTime: new Date(time),
          clock: new Date(wall),
          jump,
        },
        seen === 'jumped'
          ? 'the clock jumped, or the service did not run for long: nothing is deleted in this round; check the clock'
          : 'the clock had jumped ahead: old records are deleted by a record time that comes after it by a day an hour',
      ),
    onTrouble: (err) => log.error({ event: 'ledger_prune_failed', err }, 'old records not deleted'),
  });
}

function tlsFilesOf({ tls: { cert, key } }: Config): { cert: string; key: string } | undefined {
  return cert === null || key === null ? undefined : { cert, key };
}

async function listen(
  what: string,
  server: LegacyServer | AdminServer,
  host: string,
  port: number,
): Promise<number> {
  try {
    return await server.listen(host, port);
  } catch (cause) {
    throw StartError.ofListening(what, host, port, cause);
  }
}
