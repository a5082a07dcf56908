import { Writable } from 'node:stream';

import { createAuthenticator } from '../../../src/account/authenticate.ts';
import { createLimiter } from '../../../src/account/limiter.ts';
import type { App, SecretPair, SignatureSettings } from '../../../src/account/types.ts';
import { Fault } from '../../../src/faults.ts';
import type { Downloader } from '../../../src/picture/types.ts';
import type { Observer } from '../../../src/wire/decision/observer.ts';
import type { FailedTries } from '../../../src/wire/http/failed-tries.ts';
import { createLog } from '../../../src/wire/http/log.ts';
import { createServer, type Server, type ServerSettings } from '../../../src/wire/http/server.ts';
import type { TlsIdentity } from '../../../src/wire/http/tls.ts';
import { DEFAULT_TRANSPORT, type TransportSettings } from '../../../src/wire/http/transport-settings.ts';
import { type BodyMemory, createBodyMemory } from '../../../src/wire/intake/body-memory.ts';
import { createLegacyFace } from '../../../src/wire/legacy/face.ts';
import type { LegacySettings } from '../../../src/wire/legacy/handler.ts';
import { appid, appOf, type MemoryAccounts, memoryAccounts, pairOf, secretId } from './accounts.ts';
import { type HandMadeJudge, handMadeJudge, type ListLedger, listLedger } from './judge.ts';

export interface TestServerOptions {
  readonly apps?: readonly App[];
  readonly pairs?: readonly SecretPair[];
  readonly settings?: Partial<Omit<ServerSettings, 'transport'> & LegacySettings>;
  readonly transport?: Partial<TransportSettings>;
  readonly signature?: Partial<SignatureSettings>;
  readonly downloader?: Downloader;
  readonly tls?: TlsIdentity;
  readonly observer?: Observer;
  /** Counts callers without a valid key. */
  readonly failedTries?: FailedTries;
  /** What all bodies together may hold, in bytes; 64 MiB where nothing is given. */
  readonly maxBodies?: number;
}

/** A listening server of the old API with hand-made surroundings. */
export interface TestServer {
  readonly server: Server;
  readonly port: number;
  readonly judge: HandMadeJudge;
  readonly ledger: ListLedger;
  readonly memory: MemoryAccounts;
  readonly bodies: BodyMemory;
  /** Every line of the log, parsed. */
  readonly lines: Record<string, unknown>[];
  stop(): Promise<void>;
}

/** The server's own accounts, signature check and limits, with stores in memory and a judge that the test speaks for. */
export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const memory = memoryAccounts(options.apps ?? [appOf(appid)], options.pairs ?? [pairOf(secretId, appid)]);
  const judge = handMadeJudge();
  const ledger = listLedger();
  const bodies = createBodyMemory(options.maxBodies ?? 64 * 1024 * 1024);
  const lines: Record<string, unknown>[] = [];
  const sink = new Writable({
    write(chunk, _encoding, done) {
      lines.push(JSON.parse(String(chunk)));
      done();
    },
  });
  const clock = () => Date.now();
  const settings = {
    maxBodyBytes: 6 * 1024 * 1024,
    compat: { sessionId: false, noFace: 'error' } as const,
    cors: { origins: [] },
    trustedProxies: [],
    trustRequestId: true,
    ...options.settings,
    transport: { ...DEFAULT_TRANSPORT, ...options.transport },
  };
  const log = createLog('info', sink);
  const { observer, failedTries } = options;
  const legacy = createLegacyFace({
    authenticator: createAuthenticator({
      accounts: memory.accounts,
      replay: memory.replay,
      clock,
      settings: { skewSeconds: 300, windowSeconds: 900, maxDays: 90, bodySign: false, ...options.signature },
    }),
    limiter: createLimiter({ clock, usage: memory.usage }),
    downloader: options.downloader ?? noDownloads,
    judge,
    ledger,
    bodies,
    clock,
    version: '0.0.0',
    log,
    observer,
    failedTries,
    cors: settings.cors,
    settings,
  });
  const server = createServer({ faces: [legacy], settings, log, tls: options.tls, observer, failedTries });
  const port = await server.listen('127.0.0.1', 0);
  return {
    server,
    port,
    judge,
    ledger,
    memory,
    bodies,
    lines,
    stop: async () => void (await server.drain(200)),
  };
}

const noDownloads: Downloader = {
  async download() {
    throw new Fault('download_refused', 'connect_failed', 'there is no network in this test');
  },
};
