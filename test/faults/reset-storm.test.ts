import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createAdminServer } from '../../src/wire/admin/server.ts';
import { loadTls } from '../../src/wire/http/tls.ts';
import { createMetrics } from '../../src/wire/metrics/metrics.ts';
import { appid, signature } from '../contract/support/accounts.ts';
import { exchange, open, post } from '../contract/support/raw.ts';
import { startTestServer, type TestServer } from '../contract/support/server.ts';
import { seeded } from './support/seeded.ts';

/* Connections that are reset at any moment: before, amid and behind a request, its answer or its handshake. Nothing may reach the process as an uncaught error. */

const fixture = (name: string) => fileURLToPath(new URL(`../contract/support/tls/${name}`, import.meta.url));
const uncaught: unknown[] = [];
const note = (error: unknown) => void uncaught.push(error);
beforeEach(() => {
  uncaught.length = 0;
  process.on('uncaughtExceptionMonitor', note);
});
afterEach(() => {
  process.off('uncaughtExceptionMonitor', note);
});

const body = `{"appid":"${appid}","image":"${Buffer.from('a picture').toString('base64')}"}`;
const good = () => post(['Content-Type: application/json', `Authorization: ${signature()}`], body);
const get = (path: string, ...more: string[]) =>
  Buffer.from(`${[`GET ${path} HTTP/1.1`, 'Host: localhost', ...more].join('\r\n')}\r\n\r\n`);
const head = (length: number) =>
  Buffer.from(
    `POST /face/livedetectpicture HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n`,
  );
const kinds: readonly (() => Buffer)[] = [
  good,
  () => Buffer.concat([good(), good(), get('/none'), good()]),
  () => Buffer.concat([head(7_000_000), Buffer.alloc(300_000, 0x20)]),
  () => Buffer.concat([head(1_000_000), Buffer.alloc(100_000, 0x20)]),
  () => get('/none'),
  () => get('/%zz'),
  () => get('/', 'Expect: other'),
  () => Buffer.from('CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n'),
  () => get('/', 'Connection: Upgrade', 'Upgrade: websocket'),
  () => Buffer.from('noise\r\n\r\n'),
  () => Buffer.from('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'),
  () => post(['Content-Type: application/json', 'Expect: 100-continue'], body),
  () => Buffer.concat(Array.from({ length: 700 }, () => get('/none'))),
  () => Buffer.concat(Array.from({ length: 50 }, () => get('/metrics'))),
];

/** Sends up to a random byte, then resets; resolves once the connection is gone. */
function cut(port: number, tls: boolean, random: ReturnType<typeof seeded>): Promise<void> {
  return new Promise((resolve) => {
    const raw = connect({ port, host: '127.0.0.1' });
    raw.on('error', () => {});
    raw.once('close', () => resolve());
    const socket = tls ? connectTls({ socket: raw, rejectUnauthorized: false }) : raw;
    socket.on('error', () => {});
    const content = kinds[random.below(kinds.length)]?.() ?? Buffer.alloc(0);
    const until = random.below(3) === 0 ? content.length : random.below(content.length + 1);
    const wait = random.below(4) === 0 ? 0 : random.below(15);
    const reset = () => setTimeout(() => raw.resetAndDestroy(), wait);
    if (random.below(8) === 0) raw.once('connect', reset);
    else socket.write(content.subarray(0, until), reset);
    if (random.below(2) === 0) socket.pause();
    setTimeout(() => raw.resetAndDestroy(), 200);
  });
}

async function storm(port: number, tls: boolean, count: number, seed: number): Promise<void> {
  const random = seeded(seed);
  for (let done = 0; done < count; done += 40) {
    await Promise.all(Array.from({ length: 40 }, () => cut(port, tls, random)));
  }
}

it.each([
  ['HTTP', false],
  ['HTTPS', true],
] as const)('%s: 800 resets at random moments leave the service as it was', async (_name, isTls) => {
  const tls = isTls ? { tls: await loadTls({ cert: fixture('first.crt'), key: fixture('first.key') }) } : {};
  const test: TestServer = await startTestServer(tls);
  try {
    await storm(test.port, isTls, 800, 20261128);
    const one = open(test.port, { tls: isTls });
    one.write(good());
    expect((await one.next()).json.code).toBe(0);
    one.destroy();
    await expect
      .poll(() => [test.server.running, test.server.connections.open, test.bodies.held])
      .toEqual([0, 0, 0]);
    expect(uncaught).toEqual([]);
    expect(test.lines.filter(({ event }) => event === 'unexpected')).toEqual([]);
  } finally {
    await test.stop();
  }
});

it('a server that cannot take a connection says so in the log and goes on', async () => {
  const test = await startTestServer();
  try {
    for (let count = 0; count < 3; count++) {
      test.server.http.emit('error', Object.assign(new Error('accept ENFILE'), { code: 'ENFILE' }));
    }
    expect((await exchange(test.port, good())).json.code).toBe(0);
    expect(uncaught).toEqual([]);
    expect(test.lines.filter(({ event }) => event === 'listen_trouble')).toHaveLength(1);
  } finally {
    await test.stop();
  }
});

it('the admin port: 400 resets at random moments', async () => {
  const metrics = createMetrics({ version: '0', onTrouble: () => {} });
  const lines: string[] = [];
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) });
  const admin = createAdminServer({ store: async () => 'ok' }, log, metrics);
  const port = await admin.listen('127.0.0.1', 0);
  try {
    await storm(port, false, 400, 7);
    expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(200);
    expect(uncaught).toEqual([]);
    expect(lines.filter((line) => line.includes('"unexpected"'))).toEqual([]);
  } finally {
    await admin.close();
    metrics.stop();
  }
});
