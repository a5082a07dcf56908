import type { Logger } from 'pino';
import { createApiKeyAuthenticator } from '../../account/api-key/check.ts';
import { createAuthenticator } from '../../account/authenticate.ts';
import { createLimiter } from '../../account/limiter.ts';
import type { Config } from '../../config/load.ts';
import type { Fleet } from '../../fleet/fleet.ts';
import type { RefusalCounter } from '../../ledger/refusals.ts';
import { countedLedger, type ScoreCounter } from '../../ledger/score-counter.ts';
import type { ReviewByProfile } from '../../liveness/review.ts';
import { createDownloader } from '../../picture/download/download.ts';
import type { Store } from '../../store/open.ts';
import type { Traces } from '../../traces/types.ts';
import { batchSecretOf } from '../../webhook/sign.ts';
import type { DecisionDeps } from '../../wire/decision/deps.ts';
import { connectionLimits, openFilesLimit } from '../../wire/http/connection-limits.ts';
import type { FailedTries } from '../../wire/http/failed-tries.ts';
import { createServer, type Server, type ServerSettings } from '../../wire/http/server.ts';
import type { TlsIdentity } from '../../wire/http/tls.ts';
import { DEFAULT_TRANSPORT } from '../../wire/http/transport-settings.ts';
import type { BodyMemory } from '../../wire/intake/body-memory.ts';
import { createLegacyFace } from '../../wire/legacy/face.ts';
import type { Metrics } from '../../wire/metrics/metrics.ts';
import { observedLedger } from '../../wire/metrics/observed-ledger.ts';
import { createV1Face } from '../../wire/v1/face.ts';
import type { OperatingTable } from '../../wire/v1/operating-points.ts';
import { tablesOf } from '../../wire/v1/uploaded-points.ts';
import { objectsOf } from '../shared/objects.ts';
import { version } from '../shared/version.ts';

/** What the server is put together from. */
export interface Parts {
  readonly store: Store;
  readonly fleet: Fleet;
  readonly metrics: Metrics;
  readonly bodies: BodyMemory;
  readonly failedTries: FailedTries | undefined;
  readonly tls: TlsIdentity | undefined;
  readonly tables: readonly OperatingTable[];
  readonly reviewLimits: ReviewByProfile;
  readonly refusals: RefusalCounter;
  readonly traces: Traces | undefined;
  readonly scores: ScoreCounter;
}

/** What everything that judges shares: one admission, one count of an app's requests, one ledger. */
export function decisionDepsOf(config: Config, log: Logger, parts: Parts): DecisionDeps {
  const { store, fleet, metrics, bodies, refusals, traces, scores } = parts;
  const clock = () => Date.now();
  const { permits, rates, usage } = store;
  const { observer } = metrics;
  const { download, picture } = config;
  return {
    version,
    refusals,
    limiter: createLimiter({
      clock,
      usage,
      rates: rates ?? undefined,
      permits: permits ?? undefined,
    }),
    downloader: createDownloader({ ...download, maxBytes: picture.maxBytes, observe: observer.download }),
    judge: fleet,
    ledger: countedLedger(observedLedger(store.ledger, observer), scores),
    bodies,
    clock,
    log,
    observer,
    traces,
  };
}

/** The server of both APIs on the service port. */
export function serverOf(config: Config, log: Logger, parts: Parts, judging: DecisionDeps): Server {
  const { store, fleet, metrics, failedTries, tls, tables, reviewLimits } = parts;
  const { accounts, apiKeys, idempotency, replay, rules } = store;
  const { observer } = metrics;
  const { clock } = judging;
  const signature = { ...config.signature, bodySign: config.compat.bodySign };
  const shared = { ...judging, failedTries };
  const allTables = async () => tablesOf(await store.ownPoints.findOwnPoints(), tables);
  const { cors, compat, maxBodyBytes, threshold } = config;
  const legacy = createLegacyFace({
    ...shared,
    authenticator: createAuthenticator({ accounts, replay, clock, settings: signature }),
    cors,
    settings: { maxBodyBytes, compat },
  });
  const v1 = createV1Face({
    ...shared,
    apiKeys: createApiKeyAuthenticator({ apiKeys, clock }),
    idempotency,
    batches: store.batches,
    batchSecretOf: batchSecretOf(config),
    appObjects: appObjectsOf(config),
    maxBodyBytes,
    settings: { cors, profile: fleet.profile, threshold, version, tables: allTables },
    sessions: {
      store: store.sessions,
      webhooks: store.webhooks,
      findApp: accounts.findApp,
      findRules: rules.findRules,
      settings: {
        ...config.sessions,
        threshold,
        capture: config.capture,
        profile: fleet.profile,
        reviewLimits,
        webhookSecret: config.webhook.secret,
      },
    },
  });
  return createServer({
    faces: [legacy, v1],
    tls,
    log,
    observer,
    failedTries,
    settings: serverSettings(config),
  });
}

/** Null where apps have no folders in S3-compatible storage. */
function appObjectsOf(config: Config) {
  const objects = objectsOf(config);
  const { appsPrefix: prefix } = config.s3;
  return objects === null || prefix === null ? null : { objects, prefix };
}

function serverSettings(config: Config): ServerSettings {
  const { timeouts } = config;
  return {
    cors: config.cors,
    trustedProxies: config.trustedProxies,
    proxyHeader: config.proxyHeader,
    trustRequestId: config.requestId.trustHeader,
    transport: {
      ...DEFAULT_TRANSPORT,
      headersTimeout: timeouts.headersMs,
      requestTimeout: timeouts.requestMs,
      keepAliveTimeout: timeouts.keepAliveMs,
      ...connectionLimits(config.connections, openFilesLimit()),
    },
  };
}
