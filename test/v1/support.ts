import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';

import { apiKeyDigest, type NewApiKey, newApiKey } from '../../src/account/api-key/api-key.ts';
import { createApiKeyAuthenticator } from '../../src/account/api-key/check.ts';
import type { IdempotencyBounds } from '../../src/account/api-key/idempotency.ts';
import { createAuthenticator } from '../../src/account/authenticate.ts';
import { createLimiter } from '../../src/account/limiter.ts';
import { Fault } from '../../src/faults.ts';
import type { Judge } from '../../src/fleet/types.ts';
import { readBuiltInCards } from '../../src/liveness/built-in.ts';
import { keyPointsAt } from '../../src/liveness/test-support/judgement.ts';
import type { Judgement } from '../../src/liveness/types.ts';
import type { Downloader } from '../../src/picture/types.ts';
import { openStore, type PostgresSettings, type Store } from '../../src/store/open.ts';
import type { Traces } from '../../src/traces/types.ts';
import type { Observer } from '../../src/wire/decision/observer.ts';
import type { FailedTries } from '../../src/wire/http/failed-tries.ts';
import { createLog } from '../../src/wire/http/log.ts';
import { createServer, type ServerSettings } from '../../src/wire/http/server.ts';
import { DEFAULT_TRANSPORT, type TransportSettings } from '../../src/wire/http/transport-settings.ts';
import { createBodyMemory } from '../../src/wire/intake/body-memory.ts';
import { createLegacyFace } from '../../src/wire/legacy/face.ts';
import type { LegacySettings } from '../../src/wire/legacy/handler.ts';
import type { AppObjects } from '../../src/wire/v1/batches.ts';
import { createV1Face } from '../../src/wire/v1/face.ts';
import { publishedTables } from '../../src/wire/v1/operating-points.ts';
import { type HandMadeJudge, handMadeJudge, judgementOf } from '../contract/support/judge.ts';

export const appid = '1000001';
export const pair = { secretId: 'AKIDv1test00000001', secretKey: 'keykeykeykeykeykeykeykeykeykeyke' };
export const version = '0.0.0-test';

export interface V1TestOptions {
  /** A database in place of the SQLite file: batches need one. */
  readonly postgres?: PostgresSettings;
  /** Storage that apps read pictures from. */
  readonly appObjects?: AppObjects;
  readonly judge?: Judge;
  readonly downloader?: Downloader;
  /** A data folder that stays; without it one that goes with the server. */
  readonly dataDir?: string;
  readonly settings?: Partial<ServerSettings & LegacySettings>;
  readonly transport?: Partial<TransportSettings>;
  readonly observer?: Observer;
  readonly traces?: Traces;
  readonly failedTries?: FailedTries;
  readonly idempotency?: IdempotencyBounds;
}

/** A listening server of both APIs on a real store, with one app, one API key, and a judge that the test speaks for. */
export interface V1Test {
  readonly store: Store;
  readonly judge: HandMadeJudge;
  readonly port: number;
  readonly url: string;
  /** A key of the app with every scope. */
  readonly apiKey: string;
  readonly lines: Record<string, unknown>[];
  /** The clock of the server, in ms; the real time plus what a test adds. */
  readonly time: { ahead: number };
  /** While set, appending to the ledger fails with it. */
  readonly ledger: { fail: Fault | null };
  key(change?: Partial<NewApiKey>, of?: string): Promise<string>;
  post(path: string, init?: RequestInit): Promise<Response>;
  stop(): Promise<void>;
}

export async function startV1Test(options: V1TestOptions = {}): Promise<V1Test> {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'livestill-v1-')));
  const store = await openStore({
    dataDir,
    thread: false,
    ...(options.postgres === undefined ? {} : { postgres: options.postgres, masterKey: 'ab'.repeat(32) }),
    ...(options.idempotency === undefined ? {} : { idempotency: options.idempotency }),
  });
  const { accounts, apiKeys, idempotency, replay, usage } = store;
  if ((await accounts.findApp(appid)) === null) await accounts.createApp({ appid, name: 'v1' }, pair);
  const hand = handMadeJudge();
  const lines: Record<string, unknown>[] = [];
  const sink = new Writable({
    write(chunk, _encoding, done) {
      lines.push(JSON.parse(String(chunk)) as Record<string, unknown>);
      done();
    },
  });
  const log = createLog('info', sink);
  const time = { ahead: 0 };
  const clock = () => Date.now() + time.ahead;
  const broken: { fail: Fault | null } = { fail: null };
  const settings: ServerSettings & LegacySettings = {
    maxBodyBytes: 6 * 1024 * 1024,
    compat: { sessionId: false, noFace: 'error' },
    cors: { origins: [] },
    trustedProxies: [],
    trustRequestId: true,
    transport: { ...DEFAULT_TRANSPORT, ...options.transport },
    ...options.settings,
  };
  const shared = {
    limiter: createLimiter({ clock, usage }),
    downloader: options.downloader ?? noDownloads,
    judge: options.judge ?? hand,
    bodies: createBodyMemory(64 * 1024 * 1024),
    ledger: {
      append: async (row: Parameters<Store['ledger']['append']>[0]) => {
        if (broken.fail !== null) throw broken.fail;
        await store.ledger.append(row);
      },
    },
    clock,
    log,
    version: '0.0.0',
    observer: options.observer,
    traces: options.traces,
    failedTries: options.failedTries,
  };
  const tables = publishedTables(await readBuiltInCards());
  const signature = { skewSeconds: 300, windowSeconds: 900, maxDays: 90, bodySign: false };
  const legacy = createLegacyFace({
    ...shared,
    authenticator: createAuthenticator({ accounts, replay, clock, settings: signature }),
    cors: settings.cors,
    settings,
  });
  const v1 = createV1Face({
    ...shared,
    apiKeys: createApiKeyAuthenticator({ apiKeys, clock }),
    idempotency,
    batches: store.batches,
    batchSecretOf: () => 'a secret of webhooks',
    appObjects: options.appObjects ?? null,
    maxBodyBytes: settings.maxBodyBytes,
    settings: { cors: settings.cors, threshold: 87, profile: 'careful', tables: async () => tables, version },
    sessions: {
      store: store.sessions,
      webhooks: store.webhooks,
      findApp: accounts.findApp,
      findRules: store.rules.findRules,
      settings: {
        seconds: 300,
        tries: 3,
        mostOpen: 1000,
        captureSignals: 'information',
        threshold: 87,
        capture: 'lenient',
        profile: 'careful',
        reviewLimits: { careful: { low: 0.2, high: 0.7 } },
        webhookSecret: 'of the installation',
      },
    },
  });
  const server = createServer({ ...shared, faces: [legacy, v1], settings });
  const port = await server.listen('127.0.0.1', 0);
  const key = async (change: Partial<NewApiKey> = {}, of = appid) => {
    const { keyId, apiKey } = newApiKey();
    await apiKeys.addApiKey(of, {
      keyId,
      digest: apiKeyDigest(apiKey),
      name: 'test',
      scopes: ['judge', 'read:operating-points', 'sessions'],
      networks: [],
      expiresAt: null,
      ...change,
    });
    return apiKey;
  };
  const apiKey = await key();
  const url = `http://127.0.0.1:${port}`;
  return {
    store,
    judge: hand,
    port,
    url,
    apiKey,
    lines,
    time,
    ledger: broken,
    key,
    post: (path, init = {}) =>
      fetch(url + path, {
        method: 'POST',
        ...init,
        headers: {
          authorization: `Bearer ${apiKey}`,
          ...(init.headers as Record<string, string> | undefined),
        },
      }),
    async stop() {
      await server.drain(200);
      await store.close();
      if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** A judgement of a live face with score 93, changed by `change`. */
export function judgedFace(change: Partial<Judgement> = {}): Judgement {
  return judgementOf({
    face: {
      box: { left: 100, top: 120, right: 260, bottom: 340 },
      keyPoints: keyPointsAt(1, 2),
      detectorScore: 0.9,
      detectorIoU: 0.8,
    },
    ...change,
  });
}

const noDownloads: Downloader = {
  async download() {
    throw new Fault('download_refused', 'connect_failed', 'there is no network in this test');
  },
};
