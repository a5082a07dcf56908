import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { afterAll, describe, expect, it } from 'vitest';
import { createDownloader } from '../../src/picture/download/download.ts';
import type { Downloader, DownloadFor } from '../../src/picture/types.ts';
import { appid, signature } from '../contract/support/accounts.ts';
import { exchange, post } from '../contract/support/raw.ts';
import { startTestServer } from '../contract/support/server.ts';
import { startV1Test } from '../v1/support.ts';

const servers: Server[] = [];
const sockets = new Set<Socket>();
afterAll(() => {
  for (const server of servers) server.close();
  for (const socket of sockets) socket.destroy();
});

async function listen(server: Server): Promise<number> {
  servers.push(server);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return (server.address() as AddressInfo).port;
}

/** A server that answers with these bytes and ends. */
const answering = (bytes: Buffer) =>
  listen(createServer((socket) => void socket.once('data', () => socket.end(bytes))));

const jpeg = Buffer.concat([Buffer.from('ffd8ffe000104a464946', 'hex'), randomBytes(63_009)]);
const downloaderFor = (port: number) =>
  createDownloader({
    enabled: true,
    allowPrivate: ['127.0.0.1'],
    ports: [port],
    maxRedirects: 1,
    maxBytes: 1_000_000,
    timeoutMs: 60_000,
  });

const body = (url: string) => JSON.stringify({ appid, url });
const call = (port: number, url: string) =>
  exchange(port, post(['Content-Type: application/json', `Authorization: ${signature()}`], body(url)));

describe("a foreign server's bytes", () => {
  it.each([
    ['a picture in place of an answer', jpeg],
    [
      'a picture behind headers that break',
      Buffer.concat([Buffer.from('HTTP/1.1 200 OK\r\nA: b\r\n'), jpeg]),
    ],
    [
      'a picture in place of chunks',
      Buffer.concat([Buffer.from('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'), jpeg]),
    ],
    [
      'a picture that is said to be packed',
      Buffer.concat([Buffer.from('HTTP/1.1 200 OK\r\nContent-Encoding: br\r\n\r\n'), jpeg]),
    ],
    ['controls in a status line', Buffer.from(`HTTP/1.1 999 \u001b[31m${'x'.repeat(9000)}\r\n\r\n`)],
  ])('are not in the log: %s', async (_what, bytes) => {
    const port = await answering(bytes);
    const test = await startTestServer({ downloader: downloaderFor(port) });
    try {
      await call(test.port, `http://127.0.0.1:${port}/`);
      const [line] = test.lines;
      expect(test.lines).toHaveLength(1);
      expect(line).toMatchObject({ event: 'decision', code: -5805 });
      expect(JSON.stringify(line).length).toBeLessThan(4000);
      const { err } = line as { err?: object };
      const known = ['type', 'code', 'reason', 'message', 'stack', 'cause', 'errors'];
      expect(Object.keys(err ?? {}).filter((name) => !known.includes(name))).toEqual([]);
    } finally {
      await test.stop();
    }
  });
});

describe('TLS that goes wrong', () => {
  const fixture = (kind: string) =>
    readFileSync(new URL(`../contract/support/tls/first.${kind}`, import.meta.url));
  const attempt = async (port: number) => {
    const downloader = createDownloader({
      enabled: true,
      allowPrivate: ['127.0.0.1'],
      ports: [port],
      maxRedirects: 0,
      maxBytes: 1_000_000,
      timeoutMs: 60_000,
      connectTimeoutMs: 60_000,
      ca: fixture('crt').toString(),
    });
    return downloader.download(new URL(`https://127.0.0.1:${port}/`), new AbortController().signal).then(
      (bytes) => `fetched ${bytes.byteLength}`,
      (error: { reason: string }) => error.reason,
    );
  };

  it.each<[string, (socket: Socket) => void, string[]]>([
    ['ends at once', (socket) => socket.end(), ['connect_failed', 'tls_failed']],
    ['is reset at once', (socket) => socket.resetAndDestroy(), ['connect_failed', 'tls_failed']],
    ['answers noise', (socket) => void socket.write(randomBytes(5000)), ['tls_failed', 'connect_failed']],
    ['answers an alert', (socket) => void socket.write(Buffer.from('15030300020228', 'hex')), ['tls_failed']],
    [
      'is reset in the handshake',
      (socket) => void socket.once('data', () => socket.resetAndDestroy()),
      ['connect_failed', 'tls_failed'],
    ],
  ])('a handshake that %s', async (_what, act, reasons) => {
    expect(reasons).toContain(await attempt(await listen(createServer(act))));
  });

  it.each<[string, (socket: Socket) => void, string[]]>([
    ['whole', (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc'), ['fetched 3']],
    [
      'cut short',
      (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc'),
      ['broken_answer'],
    ],
    [
      'destroyed in the middle',
      (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc', () => socket.destroy()),
      ['broken_answer'],
    ],
    ['no HTTP', (socket) => void socket.end(randomBytes(3000)), ['broken_answer']],
    ['nothing', (socket) => void socket.end(), ['broken_answer']],
  ])('an answer that is %s', async (_what, act, reasons) => {
    const secure = createTlsServer({ cert: fixture('crt'), key: fixture('key') }, (socket) => {
      socket.on('error', () => {}).once('data', () => act(socket));
    });
    expect(reasons).toContain(await attempt(await listen(secure)));
  });
});

describe('the app whose share a download uses', () => {
  function seeing() {
    const seen: (string | undefined)[] = [];
    const downloader: Downloader = {
      async download(_url: URL, _signal: AbortSignal, whom?: DownloadFor) {
        seen.push(whom?.app);
        return new Uint8Array(10);
      },
    };
    return { seen, downloader };
  }

  it('is the one that signed', async () => {
    const { seen, downloader } = seeing();
    const test = await startTestServer({ downloader });
    await call(test.port, 'http://a.example/');
    await test.stop();
    expect(seen).toEqual([appid]);
  });

  it("is the API key's", async () => {
    const { seen, downloader } = seeing();
    const test = await startV1Test({ downloader });
    await test.post('/v1/liveness', {
      headers: { authorization: `Bearer ${test.apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ url: 'http://a.example/' }),
    });
    await test.stop();
    expect(seen).toEqual([appid]);
  });
});
