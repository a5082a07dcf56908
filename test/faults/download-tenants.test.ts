import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startUrlServer, testDownloader, type UrlServer } from './support/url-server.ts';

let server: UrlServer;
const held: ServerResponse[] = [];
/** Those that wait for `path`. */
const askedFor = (path: string) => held.find(({ req }) => req.url === path);
/** Hosts named `slow…` are answered like others. */
let answered = false;
beforeAll(async () => {
  // Hosts named `slow…` are never answered, `redirect…` lead to the path of their query.
  server = await startUrlServer(() => {});
  server.handler = (request, response) => {
    const { host = '' } = request.headers;
    if (host.startsWith('slow') && !answered) held.push(response);
    else if (host.startsWith('redirect')) {
      const to = decodeURIComponent(request.url?.slice(2) ?? '');
      setTimeout(
        () => response.writeHead(302, { location: to }).end(),
        host.startsWith('redirect-late') ? 2000 : 0,
      );
    } else if (host.startsWith('sick')) response.writeHead(404).end();
    else if (request.url === '/takes-a-while') setTimeout(() => response.end('picture'), 1500);
    else response.end('picture');
  };
});
beforeEach(() => {
  server.seen.length = 0;
  held.length = 0;
  answered = false;
});
afterAll(() => server.stop());

const url = (host: string, path = '/') => `http://${host}.example:${server.port}${path}`;
/** Long enough for a machine that is busy with other tests. */
const patient = { timeoutMs: 60_000, firstByteTimeoutMs: 60_000 };
const never = new AbortController().signal;

describe('a greedy app and a quiet one', () => {
  it('slow urls on 40 hosts leave places to others', async () => {
    const { attempt } = testDownloader({ ports: [server.port], ...patient });
    const leaving = new AbortController();
    const slow = Array.from({ length: 40 }, (_, at) => attempt(url(`slow-${at}`), leaving.signal, 'greedy'));
    await expect.poll(() => held.length).toBe(24);
    const quiet = await Promise.all(
      Array.from({ length: 8 }, (_, at) => attempt(url('good', `/${at}`), never, 'quiet')),
    );
    expect(quiet.map((each) => each.reason)).toEqual(Array(8).fill('fetched'));
    expect(held).toHaveLength(24);
    leaving.abort();
    await Promise.allSettled(slow);
  });

  it('downloads from one host that both use leave places there', async () => {
    const { attempt } = testDownloader({ ports: [server.port], ...patient });
    const leaving = new AbortController();
    const slow = Array.from({ length: 20 }, (_, at) =>
      attempt(url('slow-cdn', `/${at}`), leaving.signal, 'greedy'),
    );
    await expect.poll(() => held.length).toBe(6);
    const quiet = attempt(url('slow-cdn', '/quiet'), never, 'quiet');
    await expect.poll(() => held.length).toBe(7);
    held[6]?.end('picture');
    expect((await quiet).reason).toBe('fetched');
    leaving.abort();
    await Promise.allSettled(slow);
  });

  it('urls that one app made fail are asked for another', async () => {
    const { attempt } = testDownloader({ ports: [server.port] });
    for (let at = 0; at < 3; at++) await attempt(url('sick'), never, 'greedy');
    expect((await attempt(url('sick'), never, 'greedy')).reason).toBe('url_failing');
    expect((await attempt(url('sick'), never, 'quiet')).reason).toBe('http_404');
  });

  it('hosts that one app made fail are asked for another', async () => {
    let down = true;
    const resolve = async () => {
      if (down) throw new Error('SERVFAIL');
      return ['127.0.0.1'];
    };
    const { attempt } = testDownloader({ ports: [server.port], resolve });
    for (let at = 0; at < 3; at++) await attempt(url('good', `/${at}`), never, 'greedy');
    down = false;
    expect((await attempt(url('good'), never, 'greedy')).reason).toBe('host_failing');
    expect((await attempt(url('good'), never, 'quiet')).reason).toBe('fetched');
  });

  it('redirects that come late book nothing on the url they lead to, not even for their own app', async () => {
    const { attempt } = testDownloader({ ports: [server.port], timeoutMs: 3000 });
    const victim = url('good', '/takes-a-while');
    for (let at = 0; at < 4; at++) {
      const sent = url('redirect-late', `/?${encodeURIComponent(victim)}`);
      expect((await attempt(sent, never, 'greedy')).reason).toBe(at < 3 ? 'timeout' : 'url_failing');
    }
    expect((await attempt(victim, never, 'greedy')).reason).toBe('fetched');
    expect((await attempt(victim, never, 'quiet')).reason).toBe('fetched');
  });

  it('waiting for a place is not booked on the url that was waited for', async () => {
    const { attempt } = testDownloader({ ports: [server.port], timeoutMs: 2000, maxPerHost: 1 });
    for (let at = 0; at < 3; at++) {
      const first = attempt(url('slow-one', `/${at}`), never, 'quiet');
      await expect.poll(() => askedFor(`/${at}`)).toBeDefined();
      const late = attempt(url('slow-one', '/wanted'), never, 'quiet');
      setTimeout(() => askedFor(`/${at}`)?.end('picture'), 1200);
      await first;
      expect(['timeout', 'busy']).toContain((await late).reason);
    }
    // What was given up may still come to the server: it can be answered or not.
    answered = true;
    expect((await attempt(url('slow-one', '/wanted'), never, 'quiet')).reason).toBe('fetched');
  });
});
