import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDownloader, type DownloadOptions } from './download.ts';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;
const picture = Buffer.from('the picture');
let handler: Handler = (_request, response) => void response.end(picture);
let server: Server;
let port: number;
let seen: IncomingMessage[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    seen.push(request);
    handler(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const allowed = ['127.0.0.0/8'];
const never = new AbortController().signal;

/** Downloads from the test's own server, which every name leads to unless `resolve` says otherwise. */
async function download(url: string, options: Partial<DownloadOptions> = {}, signal = never) {
  seen = [];
  const downloader = createDownloader({
    enabled: true,
    allowPrivate: allowed,
    ports: [80, 443, port],
    maxRedirects: 3,
    maxBytes: 1000,
    timeoutMs: 60_000,
    resolve: async () => ['127.0.0.1'],
    ...options,
  });
  return Buffer.from(await downloader.download(new URL(url.replace(/PORT/g, String(port))), signal));
}

/** Why a download was refused. */
async function reason(url: string, options: Partial<DownloadOptions> = {}): Promise<string> {
  const outcome = await download(url, options).then(
    () => ({ kind: 'fetched', reason: 'not refused' }),
    (error: unknown) => error as { kind: string; reason: string },
  );
  expect([outcome.reason, outcome.kind]).toEqual([outcome.reason, 'download_refused']);
  return outcome.reason;
}

function answer(status: number, headers: Record<string, string> = {}, body: Buffer | string = picture): void {
  handler = (_request, response) => void response.writeHead(status, headers).end(body);
}

describe('what is fetched', () => {
  it('the body, with Host kept, no credentials and no compression asked for', async () => {
    answer(200, { 'content-type': 'text/html' });
    expect(await download('http://pictures.example:PORT/a?b=c#d')).toEqual(picture);
    const [request] = seen;
    expect(request?.url).toBe('/a?b=c');
    expect(request?.headers).toMatchObject({
      host: `pictures.example:${port}`,
      'accept-encoding': 'identity',
      'user-agent': 'livestill',
    });
    expect(request?.headers.authorization).toBeUndefined();
  });

  it.each([
    ['gzip', gzipSync(picture)],
    ['x-gzip', gzipSync(picture)],
    ['deflate', deflateSync(picture)],
    ['br', brotliCompressSync(picture)],
    ['identity', picture],
  ])('a body that comes in %s all the same', async (encoding, body) => {
    answer(200, { 'content-encoding': encoding }, body);
    expect(await download('http://a.example:PORT/')).toEqual(picture);
  });

  it('up to three redirects, relative ones too', async () => {
    handler = (request, response) => {
      const step = Number(request.url?.slice(1));
      if (step === 3) response.end(picture);
      else response.writeHead([301, 302, 307][step] ?? 308, { location: `/${step + 1}` }).end();
    };
    expect(await download('http://a.example:PORT/0')).toEqual(picture);
    expect(seen).toHaveLength(4);
  });

  it('bytes in memory of their own', async () => {
    answer(200);
    const downloader = createDownloader({
      enabled: true,
      allowPrivate: allowed,
      ports: [port],
      maxRedirects: 0,
      maxBytes: 1000,
      timeoutMs: 60_000,
    });
    const bytes = await downloader.download(new URL(`http://127.0.0.1:${port}/`), never);
    expect(bytes.buffer.byteLength).toBe(picture.length);
  });

  it('over TLS with the name in the handshake', async () => {
    const fixture = (kind: string) =>
      readFileSync(new URL(`../../../test/contract/support/tls/first.${kind}`, import.meta.url));
    const names: string[] = [];
    const secure = createTlsServer({
      cert: fixture('crt'),
      key: fixture('key'),
      SNICallback(name, done) {
        names.push(name);
        done(null);
      },
    });
    await new Promise<void>((resolve) => secure.listen(0, '127.0.0.1', resolve));
    const { port: securePort } = secure.address() as AddressInfo;
    // Nobody has signed this certificate, so that is where it ends.
    const why = await reason(`https://pictures.example:${securePort}/`, { ports: [securePort] });
    expect([why, names]).toEqual(['tls_failed', ['pictures.example']]);
    secure.close();
  });
});

describe('what is refused before any connection', () => {
  it.each([
    ['http://user@a.example/', 'credentials'],
    ['http://user:word@a.example/', 'credentials'],
    ['http://a.example:22/', 'port'],
    ['http://a.example:8080/', 'port'],
    ['https://a.example:80443/'.replace('80443', '8443'), 'port'],
    ['http://10.0.0.1/', 'private_address'],
    ['http://0x7f.1/', 'not refused by spelling'],
    ['http://2130706433/', 'not refused by spelling'],
    ['http://0177.0.0.1/', 'not refused by spelling'],
    ['http://169.254.169.254/latest/meta-data/', 'metadata_address'],
    ['http://[::1]/', 'loopback_address'],
    ['http://[::ffff:10.0.0.1]/', 'private_address'],
    ['http://[64:ff9b::a00:1]/', 'nat64_address'],
    ['http://[fe80::1]/', 'link_local_address'],
    ['http://0/', 'unspecified_address'],
    ['http://255.255.255.255/', 'broadcast_address'],
  ])('%s: %s', async (url, expected) => {
    const wanted = expected.startsWith('not') ? 'loopback_address' : expected;
    expect(await reason(url, { allowPrivate: [] })).toBe(wanted);
    expect(seen).toEqual([]);
  });

  it('everything, when downloads are off', async () => {
    expect(await reason('http://a.example/', { enabled: false })).toBe('downloads_off');
  });

  it('a name with any address that is not allowed, wherever in the answer it stands', async () => {
    const options = (...addresses: string[]) => ({ allowPrivate: [], resolve: async () => addresses });
    expect(await reason('http://a.example/', options('10.0.0.1'))).toBe('private_address');
    expect(await reason('http://a.example/', options('8.8.8.8', '10.0.0.1'))).toBe('private_address');
    expect(await reason('http://a.example/', options('10.0.0.1', '8.8.8.8'))).toBe('private_address');
    expect(await reason('http://a.example/', options('2606:4700::1', '::1'))).toBe('loopback_address');
    expect(await reason('http://localhost./', options('127.0.0.1'))).toBe('loopback_address');
  });

  it('a name without an address, and one that cannot be looked up', async () => {
    expect(await reason('http://a.example/', { resolve: async () => [] })).toBe('dns_failed');
    const broken = () => Promise.reject(new Error('ENOTFOUND'));
    expect(await reason('http://a.example/', { resolve: broken })).toBe('dns_failed');
  });
});

describe('what is refused on the way', () => {
  it('the name is asked for once, and the connection goes to the address that was checked', async () => {
    answer(200);
    let asked = 0;
    const resolve = async () => (asked++ === 0 ? ['127.0.0.1'] : ['10.0.0.1']);
    expect(await download('http://rebinding.example:PORT/', { resolve })).toEqual(picture);
    expect(asked).toBe(1);
  });

  it.each([
    ['http://10.0.0.1/', 'private_address'],
    ['http://user:word@127.0.0.1:PORT/', 'credentials'],
    ['http://127.0.0.1:1/', 'port'],
    ['ftp://127.0.0.1/', 'bad_scheme'],
    ['file:///etc/passwd', 'bad_scheme'],
    ['http://[', 'bad_redirect'],
  ])('a redirect to %s', async (location, expected) => {
    answer(302, { location: location.replace('PORT', String(port)) });
    expect(await reason('http://a.example:PORT/')).toBe(expected);
    expect(seen).toHaveLength(1);
  });

  it('a redirect to nowhere, and the fourth redirect', async () => {
    answer(302);
    expect(await reason('http://a.example:PORT/')).toBe('bad_redirect');
    answer(302, { location: '/again' });
    expect(await reason('http://a.example:PORT/')).toBe('too_many_redirects');
    expect(seen).toHaveLength(4);
  });

  it.each([404, 403, 500, 204, 206, 304])('status %i', async (status) => {
    answer(status, {}, status === 204 || status === 304 ? '' : picture);
    expect(await reason('http://a.example:PORT/')).toBe(`http_${status}`);
  });

  it('a body that is announced, or turns out, too large', async () => {
    answer(200, {}, Buffer.alloc(1001));
    expect(await reason('http://a.example:PORT/')).toBe('too_large');
    handler = (_request, response) => {
      response.write(Buffer.alloc(600));
      response.end(Buffer.alloc(401));
    };
    expect(await reason('http://a.example:PORT/')).toBe('too_large');
    handler = (_request, response) => {
      response.write(Buffer.alloc(600));
      response.end(Buffer.alloc(400));
    };
    expect(await download('http://a.example:PORT/')).toHaveLength(1000);
  });

  it('a small body that decompresses into a large one', async () => {
    const bomb = gzipSync(Buffer.alloc(900_000));
    expect(bomb.length).toBeLessThan(1000);
    answer(200, { 'content-encoding': 'gzip' }, bomb);
    expect(await reason('http://a.example:PORT/')).toBe('too_large');
  });

  it('a body compressed badly, or in a way that is not known', async () => {
    answer(200, { 'content-encoding': 'gzip' }, 'not gzip');
    expect(await reason('http://a.example:PORT/')).toBe('broken_answer');
    answer(200, { 'content-encoding': 'zstd' });
    expect(await reason('http://a.example:PORT/')).toBe('content_encoding');
  });

  it('an empty body, a broken off one, and a server that hangs up', async () => {
    answer(200, {}, '');
    expect(await reason('http://a.example:PORT/')).toBe('empty');
    handler = (_request, response) => {
      response.writeHead(200, { 'content-length': '500' }).write('x');
      setTimeout(() => response.destroy(), 20);
    };
    expect(await reason('http://a.example:PORT/')).toBe('broken_answer');
    handler = (request) => void request.socket.destroy();
    expect(await reason('http://a.example:PORT/')).toBe('broken_answer');
  });

  it('nobody listening', async () => {
    const closed = createServer();
    await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
    const { port: nobody } = closed.address() as AddressInfo;
    await new Promise((resolve) => closed.close(resolve));
    expect(await reason(`http://a.example:${nobody}/`, { ports: [nobody] })).toBe('connect_failed');
  });

  it('a server that sends no headers, one that drips, and a look-up that hangs', async () => {
    handler = () => {};
    expect(await reason('http://a.example:PORT/', { firstByteTimeoutMs: 100 })).toBe('first_byte_timeout');
    handler = (_request, response) => {
      const drip = setInterval(() => response.write('x'), 20);
      response.on('close', () => clearInterval(drip));
    };
    expect(await reason('http://a.example:PORT/', { timeoutMs: 300 })).toBe('timeout');
    const hang = () => new Promise<string[]>(() => {});
    expect(await reason('http://a.example:PORT/', { timeoutMs: 100, resolve: hang })).toBe('timeout');
  });

  it('a caller who leaves ends the download, with their own reason', async () => {
    const leaving = new AbortController();
    handler = () => leaving.abort();
    await expect(download('http://a.example:PORT/', {}, leaving.signal)).rejects.toMatchObject({
      name: 'AbortError',
    });
  });
});

describe('private places', () => {
  it('can be allowed by host name, with the hosts below it', async () => {
    answer(200);
    for (const host of ['intranet.example', 'a.intranet.example']) {
      expect(await download(`http://${host}:PORT/`, { allowPrivate: ['intranet.example'] })).toEqual(picture);
    }
    const other = { allowPrivate: ['intranet.example'] };
    expect(await reason('http://evil-intranet.example:PORT/', other)).toBe('loopback_address');
  });

  it('do not open the way to others by a redirect', async () => {
    answer(302, { location: 'http://other.example/' });
    const options = {
      allowPrivate: ['intranet.example'],
      resolve: async (host: string) => (host === 'other.example' ? ['10.0.0.1'] : ['127.0.0.1']),
    };
    expect(await reason('http://intranet.example:PORT/', options)).toBe('private_address');
  });
});
