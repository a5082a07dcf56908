import { connect, type Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type AdminServer, createAdminServer } from '../../src/wire/admin/server.ts';
import { DEFAULT_TRANSPORT } from '../../src/wire/http/transport-settings.ts';
import { createMetrics, type Metrics } from '../../src/wire/metrics/metrics.ts';
import { startV1Test, type V1Test, type V1TestOptions } from '../v1/support.ts';
import { answersOf, callersOf, good, json } from './support/callers.ts';

/* Requests one behind the other, and callers who do not take their answers: on every route of both ports. */

let test: V1Test;
let admin: AdminServer;
let adminPort: number;
let metrics: Metrics;
const faults: string[] = [];
async function start(transport: V1TestOptions['transport'] = {}): Promise<void> {
  metrics = createMetrics({ version: '0', onTrouble: () => {} });
  const observer = { ...metrics.observer, httpFault: (fault: string) => void faults.push(fault) };
  test = await startV1Test({ transport, observer });
  admin = createAdminServer({ store: async () => 'ok' }, pino({ level: 'silent' }), metrics);
  adminPort = await admin.listen('127.0.0.1', 0);
}
async function stop(): Promise<void> {
  faults.length = 0;
  await test.stop();
  await admin.close();
  metrics.stop();
}
const { connected } = callersOf(() => test);

const get = (path: string, ...headers: string[]) =>
  `${[`GET ${path} HTTP/1.1`, 'Host: localhost', ...headers].join('\r\n')}\r\n\r\n`;
const legacy = (content: string, ...headers: string[]) =>
  `${['POST /face/livedetectpicture HTTP/1.1', 'Host: a', json, `Content-Length: ${content.length}`, ...headers].join('\r\n')}\r\n\r\n${content}`;

const routes: Readonly<Record<string, string>> = {
  reference: get('/v1/reference'),
  openapi: get('/v1/openapi.json'),
  'operating points, no key': get('/v1/operating-points'),
  'v1 liveness, no key': 'POST /v1/liveness HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n',
  'v1, no such path': get('/v1/none'),
  preflight: 'OPTIONS /v1/liveness HTTP/1.1\r\nHost: a\r\n\r\n',
  'legacy, no signature': legacy('{"appid":"1"}'),
  'legacy, no JSON': legacy('{"'),
  'legacy, continue': legacy('{}', 'Expect: 100-continue'),
  'legacy, GET': get('/face/livedetectpicture'),
  'no such path': get('/none'),
  'broken path': get('/%zz'),
  'no Host': 'GET / HTTP/1.1\r\n\r\n',
  'other expectation': get('/', 'Expect: other'),
};
const adminRoutes: Readonly<Record<string, string>> = {
  health: get('/healthz'),
  ready: get('/readyz'),
  metrics: get('/metrics'),
  'no such path': get('/none'),
};

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
/** What the process holds, and what is not collected yet. */
function uncollected(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
async function held(): Promise<number> {
  for (let round = 0; round < 2; round++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    collect();
  }
  return uncollected();
}

/** One that sends and never reads. */
function deaf(port: number, content: Buffer): Socket {
  const socket = connect({ port, host: '127.0.0.1' });
  socket.on('error', () => {});
  socket.pause();
  socket.write(content);
  return socket;
}

/** Reads what there is up to the end of the connection, and counts the answers in it. */
async function answersTo(socket: Socket): Promise<number> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => void chunks.push(chunk));
  socket.resume();
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve));
  return Buffer.concat(chunks).toString('latin1').split('HTTP/1.1 ').length - 1;
}

describe('64 KB of requests from callers who do not read', () => {
  const maxPipelined = 100;
  beforeAll(() => start({ maxPipelined, keepAliveTimeout: 500 }));
  afterAll(stop);

  const all = [
    ...Object.entries(routes).map(([name, request]) => [name, request, () => test.port] as const),
    ...Object.entries(adminRoutes).map(
      ([name, request]) => [`admin: ${name}`, request, () => adminPort] as const,
    ),
  ];
  it.each(all)('%s', async (name, request, port) => {
    const before = await held();
    const most = name.startsWith('admin') ? DEFAULT_TRANSPORT.maxPipelined : maxPipelined;
    const content = Buffer.from(request.repeat(Math.floor((64 * 1024) / request.length)));
    const sockets = Array.from({ length: 6 }, () => deaf(port(), content));
    try {
      await new Promise((resolve) => setTimeout(resolve, 300));
      // Collecting takes time, and can only make it less.
      // 0.4 MB were sent; 20 MB are the bound for requests, and the rest is the tests' own end of the connections.
      const isWithin = uncollected() - before < 30e6;
      expect(isWithin ? 0 : (await held()) - before).toBeLessThan(30e6);
      const others = await fetch(`http://127.0.0.1:${test.port}/v1/none`);
      expect(others.status).toBe(404);
      // The refusal is one more; a caller that is told to go on is told so in an answer of its own.
      const answers = await Promise.all(sockets.map(answersTo));
      // Those with a body are answered while the next ones are read, so more of them find their answer.
      const bound = request.startsWith('POST /face') ? content.length / request.length : most + 1;
      for (const count of answers) expect(count).toBeLessThanOrEqual(2 * bound);
    } finally {
      for (const socket of sockets) socket.destroy();
    }
  });
});

describe('requests behind each other', () => {
  beforeAll(() => start({ maxPipelined: 32 }));
  afterAll(stop);

  it('a few of all kinds are answered in their order', async () => {
    const one = connected();
    one.write(
      good(),
      get('/v1/none'),
      get('/none'),
      good(),
      get('/v1/openapi.json'),
      get('/%zz'),
      good(),
      get('/', 'Expect: other'),
      good(),
    );
    const answers = [];
    for (let count = 0; count < 9; count++) answers.push((await one.next()).status);
    expect(answers).toEqual([200, 404, 404, 200, 200, 404, 200, 417, 200]);
  });

  it('as many as the limit are answered, again and again on the same connection', async () => {
    const one = connected();
    for (let round = 0; round < 5; round++) {
      one.write(Buffer.concat(Array.from({ length: 32 }, good)));
      for (let count = 0; count < 32; count++) expect((await one.next()).json.code).toBe(0);
    }
  });

  it.each([
    ['of the old API', () => good(), { code: -5802 }],
    ['of v1', () => Buffer.from(get('/v1/openapi.json')), { code: 'overloaded', retryable: true }],
  ] as const)(
    'one too many %s is refused as the last of its connection; those before are answered',
    async (_name, request, shape) => {
      faults.length = 0;
      const judged = test.judge.pictures.length;
      const one = connected();
      one.write(Buffer.concat(Array.from({ length: 100 }, request)));
      const answers = await answersOf(one);
      const last = answers.pop();
      expect(answers.map(({ status }) => status)).toEqual(Array(32).fill(200));
      expect(last).toMatchObject({
        status: 503,
        json: shape,
        headers: { connection: 'close', 'retry-after': '1' },
      });
      expect(faults).toEqual(['pipelined']);
      expect(test.judge.pictures.length - judged).toBeLessThanOrEqual(32);
    },
  );
});

describe('a caller that does not take its answers', () => {
  afterEach(stop);
  /** Asks on and on without reading, a few at a time, until it is let go. */
  async function askOn(port: number, request: string): Promise<void> {
    const socket = deaf(port, Buffer.from(request));
    await new Promise<void>((resolve) => {
      let rounds = 0;
      // Where a megabyte waits already, more of it now and then is enough.
      const timer = setInterval(() => {
        if (socket.writableLength < 1e6 || ++rounds % 25 === 0) socket.write(request.repeat(8));
      }, 2);
      socket.once('close', () => {
        clearInterval(timer);
        resolve();
      });
    });
  }

  it('is let go although it goes on sending, on both ports', async () => {
    await start({ unreadTimeout: 300, checkInterval: 20, maxPipelined: 1e6, maxPipelinedInAll: 1e6 });
    await askOn(test.port, get('/v1/reference'));
    expect(faults).toEqual(['unread']);
    await askOn(adminPort, get('/metrics'));
    expect(test.lines.filter(({ fault }) => fault === 'unread')).toHaveLength(1);
  });

  it('is not let go as long as it reads, however slowly the answers are made', async () => {
    // A process that gets no time reads nothing either: the limit is far above that, and both parts take longer than it.
    const unreadTimeout = 1500;
    await start({ unreadTimeout, checkInterval: 10 });
    const { answer } = test.judge;
    test.judge.answer = async (...call) => {
      await new Promise((resolve) => setTimeout(resolve, unreadTimeout + 200));
      return answer(...call);
    };
    const one = connected();
    one.write(good(), good());
    expect([(await one.next()).status, (await one.next()).status]).toEqual([200, 200]);
    const slow = deaf(test.port, Buffer.from(get('/v1/reference').repeat(30)));
    let taken = 0;
    while (taken < 30 * 30_000) {
      const piece = slow.read(16_384) as Buffer | null;
      taken += piece?.length ?? 0;
      if (slow.destroyed) break;
      await new Promise((resolve) => setTimeout(resolve, unreadTimeout / 30));
    }
    expect(taken).toBeGreaterThanOrEqual(30 * 30_000);
    slow.destroy();
    expect(faults).toEqual([]);
  });
});
