import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DownloadEvent } from '../types.ts';
import { createDownloader } from './download.ts';

let handler: (response: ServerResponse) => void = (response) => void response.end('picture');
let server: Server;
let port: number;

beforeAll(async () => {
  server = createServer((_request, response) => handler(response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

/** A downloader, and what it tells the one who watches all downloads. */
function watched() {
  const all: DownloadEvent[] = [];
  const downloader = createDownloader({
    enabled: true,
    allowPrivate: ['127.0.0.0/8'],
    ports: [80],
    reportOnly: true,
    maxRedirects: 3,
    maxBytes: 1000,
    timeoutMs: 60_000,
    resolve: async () => ['127.0.0.1'],
    observe: (event) => all.push(event),
  });
  const download = async (host: string, signal = new AbortController().signal) => {
    const own: DownloadEvent[] = [];
    const url = new URL(`http://${host}:${port}/secret?token=1`);
    await downloader.download(url, signal, { observe: (event) => own.push(event) }).catch(() => {});
    return own;
  };
  return { all, download };
}

const brief = (events: readonly DownloadEvent[]) =>
  events.map(({ outcome, reason, host, bytes }) => [outcome, reason, host, bytes]);

describe('who watches downloads', () => {
  it('is called for the one download asked for, or for all', async () => {
    handler = (response) => void response.end('picture');
    const { all, download } = watched();
    const first = await download('a.example');
    handler = (response) => void response.writeHead(404).end();
    const second = await download('b.example');
    expect(brief(first)).toEqual([
      ['reported', 'port', 'a.example', 0],
      ['fetched', null, 'a.example', 7],
    ]);
    expect(brief(second)).toEqual([
      ['reported', 'port', 'b.example', 0],
      ['refused', 'http_404', 'b.example', 0],
    ]);
    expect(all).toEqual([...first, ...second]);
    expect(JSON.stringify(all)).not.toContain('token');
  });

  it('is called for a caller that left', async () => {
    const leaving = new AbortController();
    handler = () => leaving.abort();
    const { download } = watched();
    expect(brief(await download('a.example', leaving.signal)).at(-1)).toEqual([
      'aborted',
      null,
      'a.example',
      0,
    ]);
  });

  it.each([
    ['http://a.example:8080/', 'Port 8080 is not among those of download.ports (80, 443).'],
    [
      'http://10.0.0.1/',
      '10.0.0.1 is at 10.0.0.1, which is not allowed (private_address); download.allowPrivate can allow it.',
    ],
    [
      'http://169.254.169.254/',
      expect.stringContaining('only this very address in download.allowPrivate allows it'),
    ],
    [
      'http://metadata.google.internal/',
      expect.stringContaining('only this very name in download.allowPrivate'),
    ],
    ['http://255.255.255.255/', expect.stringContaining('no setting allows it')],
  ])('is called with the setting that would allow %s', async (url, detail) => {
    const events: DownloadEvent[] = [];
    const downloader = createDownloader({
      enabled: true,
      allowPrivate: [],
      ports: [80, 443],
      maxRedirects: 0,
      maxBytes: 10,
      timeoutMs: 60_000,
      observe: (event) => events.push(event),
    });
    await expect(downloader.download(new URL(url), new AbortController().signal)).rejects.toThrow();
    expect(events).toMatchObject([{ outcome: 'refused', detail }]);
  });
});
