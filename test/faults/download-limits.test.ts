import { readFileSync } from 'node:fs';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { decodePicture } from '../../src/picture/decode/decode.ts';
import { DOWNLOAD_REASONS } from '../../src/picture/download/reasons.ts';
import { asSharp, gradient } from '../../src/picture/test-support/made.ts';
import { startUrlServer, testDownloader, type UrlServer } from './support/url-server.ts';

let server: UrlServer;
beforeAll(async () => {
  server = await startUrlServer(() => {});
});
afterAll(() => server.stop());

const started: (Server | TlsServer)[] = [];
const sockets = new Set<Socket>();
afterEach(() => {
  for (const each of started.splice(0)) each.close();
  for (const socket of sockets) socket.destroy();
});

async function listen(raw: Server | TlsServer): Promise<number> {
  raw.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((done) => raw.listen(0, '127.0.0.1', done));
  started.push(raw);
  return (raw.address() as AddressInfo).port;
}

/** A server below HTTP: what it does with each connection is up to the test. */
const listenRaw = (onConnection: (socket: Socket) => void) => listen(createTcpServer(onConnection));

describe('each limit of time', () => {
  it('connect: a TLS handshake that never ends', async () => {
    const port = await listenRaw(() => {});
    const { attempt } = testDownloader({ ports: [port], connectTimeoutMs: 100 });
    expect((await attempt(`https://a.example:${port}/`)).reason).toBe('connect_timeout');
  });

  it('first byte: a server that takes the request and is silent', async () => {
    const port = await listenRaw(() => {});
    const { attempt } = testDownloader({ ports: [port], firstByteTimeoutMs: 100 });
    expect((await attempt(`http://a.example:${port}/`)).reason).toBe('first_byte_timeout');
  });

  it('first byte: headers that come letter by letter, and interim answers without end', async () => {
    const drip = (what: string) => (socket: Socket) => {
      const timer = setInterval(() => void socket.write(what), 10);
      socket.on('close', () => clearInterval(timer));
    };
    const slow = await listenRaw((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nx-a: ');
      drip('y')(socket);
    });
    const interim = await listenRaw(drip('HTTP/1.1 103 Early Hints\r\nlink: <a>\r\n\r\n'));
    const { attempt } = testDownloader({ ports: [slow, interim], firstByteTimeoutMs: 150 });
    expect((await attempt(`http://a.example:${slow}/`)).reason).toBe('first_byte_timeout');
    expect((await attempt(`http://a.example:${interim}/`)).reason).toBe('first_byte_timeout');
  });

  it('pace: a body that comes drop by drop, and one that stops', async () => {
    server.handler = (_request, response) => {
      const timer = setInterval(() => response.write('x'), 10);
      response.on('close', () => clearInterval(timer));
    };
    const { attempt } = testDownloader({ ports: [server.port], slowWindowMs: 100, slowWindowBytes: 1000 });
    expect((await attempt(`http://a.example:${server.port}/`)).reason).toBe('slow_body');
    server.handler = (_request, response) => void response.write(Buffer.alloc(5000));
    expect((await attempt(`http://a.example:${server.port}/`)).reason).toBe('slow_body');
  });

  it('pace: a body that is slow but steady is taken to its end', async () => {
    server.handler = (_request, response) => {
      let sent = 0;
      const timer = setInterval(() => {
        response.write(Buffer.alloc(2000));
        if (++sent < 30) return;
        clearInterval(timer);
        response.end();
      }, 100);
    };
    const { attempt } = testDownloader({ ports: [server.port], slowWindowMs: 1400, slowWindowBytes: 100 });
    expect((await attempt(`http://a.example:${server.port}/`)).bytes).toHaveLength(60_000);
  });

  it('total: redirects, each of them in time, are not together', async () => {
    server.handler = (_request, response) => {
      setTimeout(() => response.writeHead(302, { location: '/again' }).end(), 60);
    };
    const { attempt } = testDownloader({ ports: [server.port], timeoutMs: 150, maxRedirects: 20 });
    expect((await attempt(`http://a.example:${server.port}/`)).reason).toBe('timeout');
  });

  it('no connection outlives its download', async () => {
    server.handler = () => {};
    const { attempt } = testDownloader({ ports: [server.port], firstByteTimeoutMs: 50 });
    await attempt(`http://a.example:${server.port}/`);
    await expect.poll(() => server.open.size).toBe(0);
  });
});

describe('size', () => {
  const mebibyte = 1024 * 1024;
  const size = 6 * mebibyte;
  const quick = { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } };
  it.each([
    ['announced', 6 * mebibyte + 1, 'identity', 'too_large'],
    ['just in', 6 * mebibyte, 'identity', 'fetched'],
    ['a gzip bomb', 64 * mebibyte, 'gzip', 'too_large'],
    ['a brotli bomb', 64 * mebibyte, 'br', 'too_large'],
    ['compressed, one byte over', 6 * mebibyte + 1, 'gzip', 'too_large'],
    ['compressed, just in', 6 * mebibyte, 'gzip', 'fetched'],
  ])('6 MiB are the most: %s', async (_what, length, encoding, reason) => {
    const plain = Buffer.alloc(length);
    const body =
      encoding === 'gzip' ? gzipSync(plain) : encoding === 'br' ? brotliCompressSync(plain, quick) : plain;
    server.handler = (_request, response) =>
      void response.writeHead(200, { 'content-encoding': encoding }).end(body);
    const { attempt } = testDownloader({ ports: [server.port], maxBytes: size });
    expect((await attempt(`http://a.example:${server.port}/`)).reason).toBe(reason);
  });

  it('compressed twice, a length that lies, headers without end', async () => {
    const { attempt } = testDownloader({ ports: [server.port] });
    const url = `http://a.example:${server.port}/`;
    server.handler = (_request, response) =>
      void response.writeHead(200, { 'content-encoding': 'gzip, gzip' }).end(gzipSync(gzipSync('x')));
    expect((await attempt(url)).reason).toBe('content_encoding');
    const lies = await listenRaw((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nfour'));
    const large = await listenRaw((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n');
      for (let at = 0; at < 100; at++) socket.write(`x-${at}: ${'y'.repeat(1000)}\r\n`);
    });
    const raw = testDownloader({ ports: [lies, large] });
    expect((await raw.attempt(`http://a.example:${lies}/`)).reason).toBe('broken_answer');
    expect((await raw.attempt(`http://a.example:${large}/`)).reason).toBe('broken_answer');
  });
});

describe('content', () => {
  it('is judged by its bytes, whatever its type and name say', async () => {
    const picture = await asSharp(gradient(20, 10)).png().toBuffer();
    const { attempt } = testDownloader({ ports: [server.port] });
    const url = `http://a.example:${server.port}/page.html`;
    server.handler = (_request, response) =>
      void response.writeHead(200, { 'content-type': 'text/html' }).end(picture);
    expect(await decodePicture((await attempt(url)).bytes)).toMatchObject({ width: 20, format: 'png' });
    server.handler = (_request, response) =>
      void response.writeHead(200, { 'content-type': 'image/jpeg' }).end('<html>root:x:0:0</html>');
    await expect(decodePicture((await attempt(url)).bytes)).rejects.toMatchObject({ area: 'picture' });
  });
});

describe('TLS', () => {
  const fixture = (kind: string) =>
    readFileSync(new URL(`../contract/support/tls/first.${kind}`, import.meta.url), 'utf8');
  const listenTls = async (names: string[]) =>
    listen(
      createTlsServer(
        {
          cert: fixture('crt'),
          key: fixture('key'),
          SNICallback(name, done) {
            names.push(name);
            done(null);
          },
        },
        (request, response) => void response.end(`host ${request.headers.host}`),
      ),
    );

  it('keeps the name in handshake and Host although the connection goes to an address', async () => {
    const names: string[] = [];
    const port = await listenTls(names);
    const { attempt } = testDownloader({ ports: [port], ca: fixture('crt') });
    const host = 'recognition.image.myqcloud.com';
    expect((await attempt(`https://${host}.:${port}/`)).bytes.toString()).toBe(`host ${host}:${port}`);
    expect(names).toEqual([host]);
  });

  it('refuses a certificate of another name, and one that nobody has signed', async () => {
    const port = await listenTls([]);
    const trusted = testDownloader({ ports: [port], ca: [fixture('crt')] });
    expect((await trusted.attempt(`https://other.example:${port}/`)).reason).toBe('tls_failed');
    expect((await trusted.attempt(`https://127.0.0.1:${port}/`)).reason).toBe('fetched');
    const stranger = testDownloader({ ports: [port] });
    expect((await stranger.attempt(`https://127.0.0.1:${port}/`)).reason).toBe('tls_failed');
  });

  it('a server that speaks no TLS, and one that wants TLS and is asked without', async () => {
    const port = await listenTls([]);
    const plain = testDownloader({ ports: [server.port, port] });
    expect((await plain.attempt(`https://127.0.0.1:${server.port}/`)).reason).toBe('tls_failed');
    expect(['broken_answer', 'http_400']).toContain(
      (await plain.attempt(`http://127.0.0.1:${port}/`)).reason,
    );
  });
});

describe('reasons', () => {
  it('are short constants', () => {
    for (const reason of DOWNLOAD_REASONS) expect(reason).toMatch(/^[a-z0-9_]{3,30}$/);
    expect(new Set(DOWNLOAD_REASONS).size).toBe(DOWNLOAD_REASONS.length);
  });

  it('are all explained in docs/run/downloads.md', () => {
    const page = readFileSync(new URL('../../docs/run/downloads.md', import.meta.url), 'utf8');
    // Of the statuses one stands for all; text that is no address comes from no name server.
    const told = DOWNLOAD_REASONS.filter(
      (reason) => !/^http_\d/.test(reason) && reason !== 'invalid_address',
    );
    expect(told.filter((reason) => !page.includes(`\`${reason}\``))).toEqual([]);
  });
});
