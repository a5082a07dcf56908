import { createReadStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, request as requestTo, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { retryAfter } from '../../src/client/attempt.ts';
import {
  ApiError,
  ConnectionError,
  InputError,
  LivestillClient,
  type LivestillClientOptions,
  LivestillError,
  type Picture,
  TimeoutError,
} from '../../src/client/index.ts';
import { Fault } from '../../src/faults.ts';
import { reason } from '../../src/liveness/reasons.ts';
import { judgementOf } from '../contract/support/judge.ts';
import { appid, judgedFace, startV1Test, type V1Test } from '../v1/support.ts';

const bytes = Uint8Array.from({ length: 70_000 }, (_, i) => i % 251);
let test: V1Test;
const fetched: string[] = [];

beforeAll(async () => {
  test = await startV1Test({
    downloader: {
      async download(url) {
        fetched.push(url.href);
        return Uint8Array.from(bytes);
      },
    },
  });
});
afterAll(() => test.stop());
beforeEach(() => {
  test.judge.answer = () => judgedFace();
  test.judge.full = null;
  test.judge.pictures.length = 0;
});
afterEach(() => void vi.restoreAllMocks());

const client = (options: Partial<LivestillClientOptions> = {}) =>
  new LivestillClient({ baseUrl: test.url, apiKey: test.apiKey, ...options });
const failure = async (work: Promise<unknown>): Promise<Error> => {
  try {
    await work;
  } catch (error) {
    return error as Error;
  }
  throw new Error('expected a failure');
};
/** Pauses between tries are drawn from 0 to a bound; this draws 0. */
const withoutJitter = () => vi.spyOn(Math, 'random').mockReturnValue(0);

/** A server whose answers a test writes. */
async function serve(listener: RequestListener): Promise<string> {
  const server: Server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('judge', () => {
  const folder = mkdtempSync(join(tmpdir(), 'livestill-client-'));
  const file = join(folder, 'selfie.jpg');
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(file, bytes);
  async function* parts() {
    for (let at = 0; at < bytes.length; at += 9999) yield bytes.slice(at, at + 9999);
  }
  it.each<[string, () => Picture]>([
    ['a Blob', () => new Blob([bytes])],
    ['a Uint8Array', () => bytes],
    ['a Buffer', () => Buffer.from(bytes)],
    ['a view into more memory', () => new Uint8Array([0, ...bytes, 0]).subarray(1, -1)],
    ['an ArrayBuffer', () => bytes.buffer],
    ['a view on shared memory', () => sharedOf(bytes).subarray(1, -1)],
    ['shared memory', () => sharedOf(bytes, 0).buffer],
    ['a view of another kind', () => new DataView(bytes.buffer) as unknown as Uint8Array],
    ['a stream of shared memory', () => new Blob([bytes]).stream().pipeThrough(sharing())],
    ['a web stream', () => new Blob([bytes]).stream()],
    ['a stream that cannot be iterated', () => readerOnly(new Blob([bytes]).stream())],
    ["a stream of Node's", () => createReadStream(file)],
    ['an async generator', () => parts()],
  ])('takes %s', async (_name, picture) => {
    expect(await client().judge(picture())).toMatchObject({ verdict: 'live', score: 93 });
    expect(test.judge.pictures).toEqual([Buffer.from(bytes)]);
  });

  it.each(['https://example.org/a.jpg', new URL('https://example.org/a.jpg')])(
    'lets the server fetch %s',
    async (url) => {
      await client().judge(url);
      expect(fetched.at(-1)).toBe('https://example.org/a.jpg');
    },
  );

  it('gives a picture that was not checked as an answer', async () => {
    test.judge.answer = () =>
      judgementOf({ verdict: 'no_face', rawScore: null, reasons: [reason('NO_FACE')] });
    const { verdict, score, reasons } = await client({ language: 'zh' }).judge(bytes);
    expect([verdict, score, reasons[0]?.text]).toEqual(['no_face', null, '图片中未发现人脸。']);
    expect((await client().judge(bytes, { language: 'en' })).reasons[0]?.text).toBe(
      'No face was found in the picture.',
    );
  });

  it('sends the same picture under a key of its own only once', async () => {
    const first = await client().judge(bytes, { idempotencyKey: 'order-17' });
    expect(await client().judge(bytes, { idempotencyKey: 'order-17' })).toEqual(first);
    expect(test.judge.pictures).toHaveLength(1);
  });

  it.each<[string, unknown]>([
    ['a path', '/home/me/selfie.jpg'],
    ['nothing', undefined],
    ['a number', 7],
    ['an object', {}],
    ['a stream of text', new ReadableStream({ start: (control) => control.enqueue('text') })],
  ])('refuses %s before anything is sent', async (_name, picture) => {
    expect(await failure(client().judge(picture as Picture))).toBeInstanceOf(InputError);
  });

  it('reads no more of a stream than allowed', async () => {
    const error = await failure(client({ maxPictureBytes: 20_000 }).judge(parts()));
    expect([error.name, error.message]).toEqual(['InputError', expect.stringContaining('20000 bytes')]);
  });
});

/** The same bytes in shared memory, so many others around them. */
function sharedOf(content: Uint8Array, around = 1): Uint8Array {
  const shared = new Uint8Array(new SharedArrayBuffer(content.length + 2 * around));
  shared.set(content, around);
  return shared;
}

function sharing(): TransformStream<Uint8Array, Uint8Array> {
  return new TransformStream({ transform: (chunk, out) => out.enqueue(sharedOf(chunk, 0)) });
}

function readerOnly(stream: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  return { getReader: () => stream.getReader() } as unknown as ReadableStream<Uint8Array>;
}

describe('a refusal', () => {
  it('is an ApiError with the problem in it, and is not tried again', async () => {
    const spy = vi.fn(fetch);
    test.judge.answer = () => {
      throw new Fault('picture_unreadable', 'truncated', 'the jpeg is cut off');
    };
    const error = (await failure(client({ fetch: spy }).judge(bytes))) as ApiError;
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toBeInstanceOf(LivestillError);
    expect(error).toMatchObject({
      name: 'ApiError',
      status: 422,
      code: 'picture_unreadable',
      reason: 'truncated',
      message: 'the jpeg is cut off',
      action: expect.stringContaining('Send one still'),
      requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect(spy).toHaveBeenCalledTimes(1);
  });

  it('of the API key says which', async () => {
    const error = await failure(client({ apiKey: 'lsk_wrong' }).judge(bytes));
    expect(error).toMatchObject({ status: 401, code: 'api_key_invalid' });
  });

  it.each([
    [502, '<html>Bad Gateway</html>', 'text/html'],
    [200, 'hello', 'text/plain'],
    [200, '7', 'application/json'],
    [200, '[]', 'application/json'],
    [200, 'null', 'application/json'],
    [200, '{"message":"ok"}', 'application/json'],
    [200, '{"code":"picture_unreadable","detail":"of somebody else"}', 'application/json'],
    [200, '{"verdict":"live"}', 'application/json'],
    [200, '{"verdict":"live","score":"93","threshold":87,"reasons":[]}', 'application/json'],
    [200, '{"verdict":"live","score":null,"threshold":87,"reasons":[]}', 'application/json'],
    [200, '{"verdict":"alive","score":93,"threshold":87,"reasons":[]}', 'application/json'],
    [404, '', 'text/plain'],
  ])('by something that is not livestill is told as such: HTTP %d %j', async (status, text, type) => {
    const url = await serve((_request, response) =>
      response.writeHead(status, { 'content-type': type }).end(text),
    );
    for (const ask of ['judge', 'operatingPoints'] as const) {
      const asking = client({ baseUrl: url, maxRetries: 0 });
      const error = await failure(ask === 'judge' ? asking.judge(bytes) : asking.operatingPoints());
      expect(error).toMatchObject({ name: 'ApiError', status, code: 'unexpected_answer' });
    }
  });

  it('of a port that fetch never connects to comes without another try', async () => {
    let tries = 0;
    const counting: typeof fetch = (...call) => {
      tries++;
      return fetch(...call);
    };
    const error = await failure(client({ baseUrl: 'http://127.0.0.1:9', fetch: counting }).judge(bytes));
    expect([error.name, tries]).toEqual(['InputError', 1]);
  });

  it.each([[{ baseUrl: 'localhost:8787' }], [{ apiKey: '' }]])('of %j comes at once', (options) => {
    expect(() => client(options)).toThrow(InputError);
  });
});

describe('a failure that may pass', () => {
  it('is tried again, as long as Retry-After says, under the same key', async () => {
    const delays: number[] = [];
    const keys = new Set<string | null>();
    const real = setTimeout;
    vi.spyOn(globalThis, 'setTimeout').mockImplementation(((act: () => void, ms: number) => {
      if (ms === 1000) delays.push(ms);
      return real(act, ms === 1000 ? 0 : ms);
    }) as typeof setTimeout);
    const counting: typeof fetch = (url, init) => {
      keys.add(new Headers(init?.headers).get('idempotency-key'));
      test.judge.full =
        delays.length === 0 ? new Fault('busy', 'queue_full', 'full', { retryAfter: 1 }) : null;
      return fetch(url, init);
    };
    withoutJitter();
    expect((await client({ fetch: counting }).judge(bytes)).verdict).toBe('live');
    expect(delays).toEqual([1000]);
    expect([...keys]).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/)]);
  });

  it('is given up after as many tries as allowed', async () => {
    withoutJitter();
    let tries = 0;
    const url = await serve((_request, response) => {
      tries++;
      response.writeHead(500).end();
    });
    expect(await failure(client({ baseUrl: url, maxRetries: 3 }).judge(bytes))).toMatchObject({
      status: 500,
    });
    expect(tries).toBe(4);
  });

  it('is given up at once where the server asks for more patience than allowed', async () => {
    test.judge.full = new Fault('busy', 'queue_full', 'full', { retryAfter: 60 });
    const spy = vi.fn(fetch);
    expect(await failure(client({ fetch: spy }).judge(bytes))).toMatchObject({
      code: 'overloaded',
      retryAfter: 60,
    });
    expect(spy).toHaveBeenCalledTimes(1);
  });

  it('of the connection after the picture was judged costs no second judgement', async () => {
    withoutJitter();
    let cut = 1;
    const url = await serve((request, response) => {
      const onward = requestTo(
        test.url + request.url,
        { method: request.method, headers: request.headers },
        (answer) => {
          if (cut-- > 0) {
            answer.resume();
            answer.on('end', () => response.destroy());
          } else {
            response.writeHead(answer.statusCode ?? 0, answer.headers);
            answer.pipe(response);
          }
        },
      );
      request.pipe(onward);
    });
    const before = await test.store.ledger.count({ appid });
    expect((await client({ baseUrl: url }).judge(bytes)).verdict).toBe('live');
    expect(test.judge.pictures).toHaveLength(1);
    expect(await test.store.ledger.count({ appid })).toBe(before + 1);
  });

  it('of reaching the server is a ConnectionError', async () => {
    const gone = createServer();
    await new Promise<void>((resolve) => gone.listen(0, '127.0.0.1', resolve));
    const { port } = gone.address() as AddressInfo;
    await new Promise((resolve) => gone.close(resolve));
    const error = await failure(client({ baseUrl: `http://127.0.0.1:${port}`, maxRetries: 0 }).judge(bytes));
    expect(error).toBeInstanceOf(ConnectionError);
    expect(String(error)).toMatch(
      /The server at http:\/\/127\.0\.0\.1:\d+ cannot be reached: .*ECONNREFUSED/,
    );
    expect(error.cause).toBeInstanceOf(Error);
  });

  it('pauses longer and longer, at most as long as set, by chance', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0.999_999);
    const delays: number[] = [];
    const real = setTimeout;
    vi.spyOn(globalThis, 'setTimeout').mockImplementation(((act: () => void, ms: number) => {
      if (ms < 30_000) delays.push(Math.round(ms));
      return real(act, ms < 30_000 ? 0 : ms);
    }) as typeof setTimeout);
    const send = async () => new Response('', { status: 503 });
    await failure(client({ fetch: send, maxRetries: 5, maxRetryDelay: 3000 }).judge(bytes));
    expect(delays).toEqual([500, 1000, 2000, 3000, 3000]);
  });
});

describe('patience', () => {
  const silent = () => serve(() => {});

  it('ends with a TimeoutError', async () => {
    const error = await failure(client({ baseUrl: await silent(), timeout: 50, maxRetries: 0 }).judge(bytes));
    expect([error.name, error.message]).toEqual(['TimeoutError', 'No answer within 50 ms']);
    expect(error).toBeInstanceOf(TimeoutError);
  });

  it('of one call can be its own', async () => {
    const patient = client({ baseUrl: await silent(), maxRetries: 0 });
    expect(await failure(patient.judge(bytes, { timeout: 20 }))).toBeInstanceOf(TimeoutError);
  });

  it('ends with the reason of an aborted signal: before, during a try, during a pause', async () => {
    const mine = new Error('enough');
    const baseUrl = await silent();
    expect(await failure(client().judge(bytes, { signal: AbortSignal.abort(mine) }))).toBe(mine);
    const during = new AbortController();
    setTimeout(() => during.abort(mine), 30);
    expect(await failure(client({ baseUrl }).judge(bytes, { signal: during.signal }))).toBe(mine);
    const pausing = new AbortController();
    test.judge.full = new Fault('busy', 'queue_full', 'full', { retryAfter: 15 });
    const spy = vi.fn(fetch);
    const work = client({ fetch: spy }).judge(bytes, { signal: pausing.signal });
    await expect.poll(() => spy.mock.settledResults.length).toBe(1);
    setTimeout(() => pausing.abort(mine), 30);
    expect(await failure(work)).toBe(mine);
    expect(spy).toHaveBeenCalledTimes(1);
  });

  it.each([
    ['7', 7],
    ['0', 0],
    ['Wed, 21 Oct 2015 07:28:00 GMT', 0],
    ['soon', undefined],
    [undefined, undefined],
  ])('reads Retry-After %j as %j', (value, seconds) => {
    expect(retryAfter(new Headers(value === undefined ? {} : { 'retry-after': value }))).toBe(seconds);
  });

  it('reads a date to come', () => {
    const at = new Date(Date.now() + 90_000).toUTCString();
    expect([89, 90]).toContain(retryAfter(new Headers({ 'retry-after': at })));
  });
});

describe('operatingPoints', () => {
  it('are those of the server', async () => {
    const { threshold, tables } = await client().operatingPoints();
    expect([threshold, tables.map((table) => table.profile)]).toEqual([87, ['careful', 'fast', 'single']]);
  });
});
