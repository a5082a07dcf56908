import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { pino } from 'pino';
import { createAuthenticator } from '../../../src/account/authenticate.ts';
import { createLimiter } from '../../../src/account/limiter.ts';
import { Fault } from '../../../src/faults.ts';
import type { Downloader } from '../../../src/picture/types.ts';
import { DEFAULT_RULES } from '../../../src/policy/policy.ts';
import type { Observer } from '../../../src/wire/decision/observer.ts';
import { type Envelope, envelopeBody } from '../../../src/wire/http/envelope.ts';
import type { Exchange } from '../../../src/wire/http/exchange.ts';
import { createBodyMemory } from '../../../src/wire/intake/body-memory.ts';
import { codeOf } from '../../../src/wire/legacy/codes/codes.ts';
import { createLegacyHandler } from '../../../src/wire/legacy/handler.ts';
import { createV1 } from '../../../src/wire/v1/face.ts';
import { appid, appOf, memoryAccounts, pairOf, secretId } from '../../contract/support/accounts.ts';
import { handMadeJudge } from '../../contract/support/judge.ts';
import type { Random } from './fuzz.ts';

/** One request as the handlers see it. */
export interface InProcessRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Both APIs' handlers with a judge made by hand, without a server around them. */
export interface InProcess {
  /** The answer of the old call, or a complaint thrown where it is outside of the contract. */
  legacy(request: InProcessRequest, random: Random): Promise<Envelope>;
  /** As `legacy`, of `POST /v1/liveness` with a good API key. */
  v1(request: InProcessRequest, random: Random): Promise<Envelope>;
}

const noDownloads: Downloader = {
  async download() {
    throw new Fault('download_refused', 'connect_failed', 'there is no network in this test');
  },
};

export function inProcess(observer?: Observer): InProcess {
  const memory = memoryAccounts([appOf(appid)], [pairOf(secretId, appid)]);
  const clock = () => Date.now();
  const judge = handMadeJudge();
  const answer = judge.answer;
  judge.answer = (...given) => {
    judge.pictures.length = 0;
    judge.options.length = 0;
    return answer(...given);
  };
  const log = pino({ level: 'silent' });
  const shared = {
    limiter: createLimiter({ clock, usage: memory.usage }),
    downloader: noDownloads,
    judge,
    ledger: { append: async () => {} },
    bodies: createBodyMemory(64 * 1024 * 1024),
    clock,
    log,
    version: '0.0.0',
    observer,
  };
  const maxBodyBytes = 1024 * 1024;
  const signature = { skewSeconds: 300, windowSeconds: 900, maxDays: 90, bodySign: true };
  const { accounts, replay } = memory;
  const handle = createLegacyHandler({
    ...shared,
    authenticator: createAuthenticator({ accounts, replay, clock, settings: signature }),
    settings: { maxBodyBytes, compat: { sessionId: false, noFace: 'error' } },
  });
  const handleV1 = createV1({
    ...shared,
    apiKeys: { authenticate: async () => ({ app: appOf(appid), keyId: 'lsk_fuzz', rules: DEFAULT_RULES }) },
    idempotency: {
      beginIdempotent: async () => ({ kind: 'begun', token: 'token' }),
      finishIdempotent: async () => {},
      releaseIdempotent: async () => {},
    },
    batches: null,
    batchSecretOf: null,
    appObjects: null,
    maxBodyBytes,
    settings: {
      cors: { origins: [] },
      threshold: 87,
      profile: 'careful',
      tables: async () => [],
      version: '0.0.0',
    },
  });
  return {
    async legacy(request, random) {
      const envelope = answered(await handle(exchangeOf(request, '/face/livedetectpicture', random)));
      checkLegacy(envelope);
      return envelope;
    },
    async v1(request, random) {
      const envelope = answered(await handleV1(exchangeOf(request, '/v1/liveness', random)));
      checkV1(envelope);
      return envelope;
    },
  };
}

/** The body comes in up to three pieces. */
function exchangeOf({ headers, body }: InProcessRequest, url: string, { below }: Random): Exchange {
  const cuts = [0, below(body.length + 1), below(body.length + 1), body.length].sort((a, b) => a - b);
  const pieces = cuts.slice(1).map((cut, at) => body.subarray(cuts[at], cut));
  const stream = Readable.from(
    pieces.filter((piece) => piece.length > 0),
    { objectMode: false },
  );
  const named = Object.entries({ ...headers, 'content-length': String(body.length) });
  const request = Object.assign(stream, { headers: Object.fromEntries(named), method: 'POST', url });
  return {
    request: request as unknown as IncomingMessage,
    requestId: 'fuzz',
    callerAddress: '192.0.2.1',
    startedAt: performance.now(),
    gone: false,
    signal: new AbortController().signal,
    wantBody: () => {},
  };
}

function answered(envelope: Envelope | null): Envelope {
  if (envelope === null) throw new Error('no answer');
  return envelope;
}

/** The codes that a caller alone can bring about, each with its HTTP status. */
const contract = new Map([
  [0, [200]],
  [3, [400]],
  [4, [401]],
  [5, [401]],
  [6, [401]],
  [9, [401]],
  [10, [401]],
  [11, [401]],
  [12, [401]],
  [13, [401]],
  [14, [401]],
  [16, [401]],
  [21, [400]],
  [23, [413]],
  [-5805, [200]],
]);

function checkLegacy(envelope: Envelope): void {
  const text = envelopeBody(envelope).toString('utf8');
  const { http } = envelope;
  const code = codeOf(envelope.kind);
  const parsed = JSON.parse(text) as Record<string, unknown>;
  const isWhole = Object.keys(parsed).join() === 'code,message,data' && typeof parsed.message === 'string';
  if (!isWhole || contract.get(code)?.includes(http) !== true) {
    throw new Error(`an answer outside of the contract: HTTP ${http} ${text}`);
  }
}

function checkV1(envelope: Envelope): void {
  const { http, body } = envelope;
  const text = envelopeBody(envelope).toString('utf8');
  const isProblem = body?.contentType.startsWith('application/problem+json') === true;
  const parsed = JSON.parse(text) as { readonly status?: unknown; readonly verdict?: unknown };
  const fits =
    http === 200 ? parsed.verdict !== undefined && !isProblem : isProblem && parsed.status === http;
  if (!fits || ![200, 400, 413, 415, 422, 424, 502, 504].includes(http)) {
    throw new Error(`an answer outside of the contract: HTTP ${http} ${text}`);
  }
}
