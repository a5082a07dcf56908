import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startUrlServer, testDownloader, type UrlServer } from './support/url-server.ts';

let server: UrlServer;
beforeAll(async () => {
  server = await startUrlServer(() => {});
});
beforeEach(() => void server.seen.splice(0));
afterAll(() => server.stop());

const url = (host: string, path = '/') => `http://${host}:${server.port}${path}`;

describe('many downloads at once', () => {
  /** Holds every request until it is let go, and remembers how many stood at once, in all and for one host. */
  function held() {
    const waiting: { host: string; go: () => void }[] = [];
    const most = { inAll: 0, perHost: 0 };
    server.handler = ({ headers: { host = '' } }, response) => {
      waiting.push({ host, go: () => void response.end('picture') });
      most.inAll = Math.max(most.inAll, waiting.length);
      most.perHost = Math.max(most.perHost, waiting.filter((each) => each.host === host).length);
    };
    const letGo = () => {
      for (const { go } of waiting.splice(0)) go();
    };
    return { waiting, most, letGo };
  }

  it('no more than allowed from one host, and in all; the others wait their turn', async () => {
    const { waiting, most, letGo } = held();
    const { attempt } = testDownloader({ ports: [server.port], maxPerHost: 2, maxInAll: 5 });
    const hosts = ['a', 'a', 'a', 'a', 'b', 'b', 'b', 'c', 'c', 'd', 'd', 'e'];
    const all = Promise.all(hosts.map((host, at) => attempt(url(`${host}.example`, `/${at}`))));
    await expect.poll(() => waiting.length).toBe(5);
    const timer = setInterval(letGo, 20);
    expect((await all).map((each) => each.reason)).toEqual(hosts.map(() => 'fetched'));
    clearInterval(timer);
    expect(most).toEqual({ inAll: 5, perHost: 2 });
  });

  it('a slow host keeps nobody else out', async () => {
    const { waiting, letGo } = held();
    const { attempt } = testDownloader({ ports: [server.port], maxPerHost: 2, maxInAll: 4 });
    const slow = Array.from({ length: 20 }, (_, at) => attempt(url('slow.example', `/${at}`)));
    await expect.poll(() => waiting.length).toBe(2);
    const others = [attempt(url('b.example')), attempt(url('c.example'))];
    await expect.poll(() => waiting.length).toBe(4);
    const timer = setInterval(letGo, 5);
    expect((await Promise.all([...slow, ...others])).every((each) => each.reason === 'fetched')).toBe(true);
    clearInterval(timer);
  });

  it('whoever finds no place in time is told to come again', async () => {
    let redirect = () => {};
    server.handler = ({ url: path }, response) => {
      if (path === '/start')
        redirect = () => response.writeHead(302, { location: url('full.example') }).end();
    };
    const { attempt } = testDownloader({ ports: [server.port], maxPerHost: 1, timeoutMs: 3000 });
    const late = attempt(url('a.example', '/start'));
    await expect.poll(() => server.seen.length).toBe(1);
    // Whoever is in the way came later and so stays longer.
    await new Promise((resolve) => setTimeout(resolve, 500));
    const inTheWay = attempt(url('full.example', '/silent'));
    await expect.poll(() => server.seen.length).toBe(2);
    redirect();
    expect(await late).toMatchObject({ reason: 'busy', retryAfter: 1 });
    expect((await inTheWay).reason).toBe('timeout');
    expect(server.seen).toHaveLength(2);
  });

  it('a caller who leaves while waiting gives the place up', async () => {
    const { waiting, letGo } = held();
    const { attempt } = testDownloader({ ports: [server.port], maxPerHost: 1 });
    const first = attempt(url('a.example', '/1'));
    await expect.poll(() => waiting.length).toBe(1);
    const leaving = new AbortController();
    const second = attempt(url('a.example', '/2'), leaving.signal);
    const third = attempt(url('a.example', '/3'));
    leaving.abort();
    await expect(second).rejects.toMatchObject({ name: 'AbortError' });
    letGo();
    await first;
    await expect.poll(() => waiting.length).toBe(1);
    letGo();
    expect((await third).reason).toBe('fetched');
    expect(server.seen.map((each) => each.slice(-2))).toEqual(['/1', '/3']);
  });
});

describe('urls that keep failing', () => {
  let now = 0;
  const patient = {
    failing: { clock: () => now, afterFailures: 3, firstPauseMs: 1000, longestPauseMs: 4000 },
  };

  it('are left alone for longer and longer, tried once after each pause, and taken up when they work', async () => {
    now = 0;
    server.handler = (_request, response) => void response.writeHead(503).end();
    const { attempt } = testDownloader({ ports: [server.port], ...patient });
    const broken = url('a.example', '/broken?token=1');
    for (let at = 0; at < 3; at++) expect((await attempt(broken)).reason).toBe('http_503');
    for (let at = 0; at < 50; at++) {
      expect(await attempt(broken)).toMatchObject({ reason: 'url_failing', retryAfter: 1 });
    }
    expect(server.seen).toHaveLength(3);
    for (const pause of [1000, 2000, 4000, 4000]) {
      now += pause;
      expect((await attempt(broken)).reason).toBe('http_503');
      expect((await attempt(broken)).reason).toBe('url_failing');
    }
    expect(server.seen).toHaveLength(7);
    now += 4000;
    server.handler = (_request, response) => void response.end('picture');
    expect((await attempt(broken)).reason).toBe('fetched');
    expect((await attempt(broken)).reason).toBe('fetched');
  });

  it('say nothing of other urls of the same host', async () => {
    now = 0;
    server.handler = (request, response) =>
      void (request.url === '/good' ? response.end('picture') : response.writeHead(404).end());
    const { attempt } = testDownloader({ ports: [server.port], ...patient });
    for (let at = 0; at < 5; at++) await attempt(url('a.example', '/bad'));
    expect((await attempt(url('a.example', '/good'))).reason).toBe('fetched');
  });

  it('a host that cannot be reached is left alone as a whole, and no other', async () => {
    now = 0;
    server.handler = (_request, response) => void response.end('picture');
    let asked = 0;
    const resolve = async (host: string) => {
      if (host === 'good.example') return ['127.0.0.1'];
      asked++;
      throw new Error('ENOTFOUND');
    };
    const { attempt } = testDownloader({ ports: [server.port], ...patient, resolve });
    for (let at = 0; at < 3; at++)
      expect((await attempt(url('a.example', `/${at}`))).reason).toBe('dns_failed');
    expect((await attempt(url('a.example', '/other'))).reason).toBe('host_failing');
    expect((await attempt(url('good.example'))).reason).toBe('fetched');
    expect(asked).toBe(3);
  });

  it('a redirect to a place that fails is not asked for ever', async () => {
    now = 0;
    server.handler = (request, response) =>
      void (
        request.url === '/start' ? response.writeHead(302, { location: '/gone' }) : response.writeHead(410)
      ).end();
    const { attempt } = testDownloader({ ports: [server.port], ...patient });
    for (let at = 0; at < 10; at++) await attempt(url('a.example', '/start'));
    expect(server.seen).toHaveLength(6);
  });

  it('what we refuse ourselves is refused for the same reason each time', async () => {
    now = 0;
    const { attempt } = testDownloader({ ports: [80], allowPrivate: [], ...patient });
    for (let at = 0; at < 6; at++) {
      expect((await attempt('http://10.0.0.1/')).reason).toBe('private_address');
    }
  });

  it('only so many are remembered', async () => {
    now = 0;
    server.handler = (_request, response) => void response.writeHead(404).end();
    const { attempt } = testDownloader({
      ports: [server.port],
      failing: { ...patient.failing, afterFailures: 1, remembered: 2 },
    });
    for (const path of ['/1', '/2', '/3']) await attempt(url('a.example', path));
    expect((await attempt(url('a.example', '/3'))).reason).toBe('url_failing');
    expect((await attempt(url('a.example', '/1'))).reason).toBe('http_404');
  });
});
