import { readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Fault } from '../../src/faults.ts';
import { createDownloader } from '../../src/picture/download/download.ts';
import { DOWNLOAD_REASONS } from '../../src/picture/download/reasons.ts';
import { guarded, type Observer } from '../../src/wire/decision/observer.ts';
import { faultEnvelope } from '../../src/wire/http/envelope.ts';
import { boundedValues } from '../../src/wire/metrics/bounded.ts';
import { createMetrics } from '../../src/wire/metrics/metrics.ts';
import { createWorkerMetrics } from '../../src/wire/metrics/worker.ts';
import { parsePage } from '../support/prometheus-text.ts';
import { appid, signature } from './support/accounts.ts';
import { judgementOf } from './support/judge.ts';
import { download, ended, judged, type MetricsTest, startMetricsTest } from './support/metrics.ts';
import { exchange, open, post } from './support/raw.ts';
import { startTestServer } from './support/server.ts';

const image = Buffer.from('a picture').toString('base64');
let test: MetricsTest;
let { legacy, v1, call, expectChanges } = {} as MetricsTest;

beforeAll(async () => {
  test = await startMetricsTest();
  ({ legacy, v1, call, expectChanges } = test);
});
afterEach(() => test.reset());
afterAll(() => test.stop());

describe('downloads: the reason stands in metric, log and header', () => {
  it('every one of them fits a label and a header', () => {
    const bounded = boundedValues(300);
    for (const reason of DOWNLOAD_REASONS) {
      const { headers } = faultEnvelope(new Fault('download_refused', reason, ''));
      expect([bounded(reason), headers['x-liveness-reason']]).toEqual([reason, reason]);
    }
  });

  const at = (path: string) => `http://127.0.0.1:${test.urls.port}${path}`;

  it('fetched', async () => {
    await expectChanges(() => call({ url: at('/picture') }), {
      ...ended('legacy', 'judged', '0', { verdict: 'live' }),
      ...judged('live'),
      ...download('fetched'),
    });
    expect(legacy.lines).toMatchObject([{ code: 0, downloadMilliseconds: expect.any(Number) }]);
  });

  it.each([
    ['/gone', 'http_404'],
    ['http://127.0.0.1:1/', 'port'],
    ['http://10.0.0.1:PORT/', 'private_address'],
    ['http://user:hunter2@127.0.0.1:PORT/', 'credentials'],
    ['http://169.254.169.254:PORT/', 'metadata_address'],
    ['http://metadata.google.internal:PORT/', 'metadata_host'],
  ])('refused: %s', async (url, reason) => {
    const target = url.startsWith('/') ? at(url) : url.replace('PORT', String(test.urls.port));
    let header: string | undefined;
    const act = async () => {
      header = (await call({ url: target })).headers['x-liveness-reason'];
    };
    await expectChanges(act, {
      ...ended('legacy', 'refused', '-5805', { reason }),
      ...download('refused', reason),
    });
    expect(header).toBe(reason);
    expect(legacy.lines).toMatchObject([{ code: -5805, reason, downloadMilliseconds: expect.any(Number) }]);
    const shown = await (await fetch(test.pageUrl)).text();
    expect(JSON.stringify(legacy.lines).concat(shown).includes('hunter2')).toBe(false);
  });

  it('refused in the v1 API: the reason is in its problem', async () => {
    let problem: unknown;
    const act = async () => {
      const response = await v1.post('/v1/liveness', {
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ url: at('/gone') }),
      });
      problem = await response.json();
    };
    await expectChanges(act, {
      ...ended('v1', 'refused', 'download_failed', { reason: 'http_404', status: 422 }),
      ...download('refused', 'http_404'),
    });
    expect(problem).toMatchObject({ code: 'download_failed', reason: 'http_404' });
    expect(v1.lines).toMatchObject([{ reason: 'http_404', downloadMilliseconds: expect.any(Number) }]);
  });

  it('report only: counted and in the log, and let through', async () => {
    const { observer } = test.metrics;
    const options = {
      enabled: true,
      allowPrivate: ['127.0.0.1'],
      ports: [80],
      maxRedirects: 0,
      maxBytes: 100,
      timeoutMs: 5000,
    };
    const downloader = createDownloader({ ...options, reportOnly: true, observe: observer.download });
    const trial = await startTestServer({ downloader, observer });
    try {
      const body = JSON.stringify({ appid, url: at('/picture?token=hunter2') });
      const sent = () =>
        exchange(trial.port, post(['Content-Type: application/json', `Authorization: ${signature()}`], body));
      await expectChanges(sent, {
        ...ended('legacy', 'judged', '0', { verdict: 'live' }),
        ...judged('live'),
        ...download('fetched'),
        'livestill_download_reported_total{reason="port"}': 1,
      });
      expect(trial.lines).toMatchObject([
        {
          event: 'download_reported',
          level: 40,
          host: '127.0.0.1',
          reason: 'port',
          requestId: trial.lines[1]?.requestId,
        },
        { event: 'decision', code: 0 },
      ]);
      expect(JSON.stringify(trial.lines)).not.toContain('hunter2');
    } finally {
      await trial.stop();
    }
  });
});

describe('what is no request for a judgement', () => {
  it.each([
    [
      'another path',
      'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
      { 'livestill_http_replies_total{status="404"}': 1 },
    ],
    [
      'another method',
      'PUT /face/livedetectpicture HTTP/1.1\r\nHost: a\r\n\r\n',
      { 'livestill_http_replies_total{status="405"}': 1 },
    ],
    [
      'a path that cannot be read',
      'GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n',
      { 'livestill_http_replies_total{status="404"}': 1 },
    ],
    ['no host', 'GET / HTTP/1.1\r\n\r\n', { 'livestill_http_replies_total{status="400"}': 1 }],
    [
      'an expectation',
      'POST /face/livedetectpicture HTTP/1.1\r\nHost: a\r\nExpect: cake\r\n\r\n',
      { 'livestill_http_replies_total{status="417"}': 1 },
    ],
    ['no HTTP', 'hello\r\n\r\n', { 'livestill_http_faults_total{fault="bad_request"}': 1 }],
    [
      'headers without end',
      `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
      { 'livestill_http_faults_total{fault="headers_too_large"}': 1 },
    ],
  ])('%s', async (_name, request, expected) => {
    await expectChanges(() => exchange(legacy.port, request), expected);
  });
});

describe('connections', () => {
  it('are counted, and so are those that made room and those that found none', async () => {
    const { observer } = test.metrics;
    const server = await startTestServer({ transport: { maxConnections: 1 }, observer });
    const counts = () => server.server.connections;
    const first = open(server.port);
    await expect.poll(counts).toEqual({ open: 1, refused: 0, closedIdle: 0 });
    const second = open(server.port);
    second.write('POST /face/livedetectpicture HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab');
    await first.closed();
    await expect.poll(() => server.server.running).toBe(1);
    expect(counts()).toEqual({ open: 1, refused: 0, closedIdle: 1 });
    await open(server.port).closed();
    expect(counts()).toEqual({ open: 1, refused: 1, closedIdle: 1 });
    second.destroy();
    await expect.poll(counts).toEqual({ open: 0, refused: 1, closedIdle: 1 });
    await server.stop();
  });
});

describe('an observer that throws', () => {
  it('is an observer no request hears of, once it is guarded', async () => {
    const failing = new Proxy({} as Observer, {
      get: () => () => {
        throw new Error('broken');
      },
    });
    const errors: unknown[] = [];
    const server = await startTestServer({ observer: guarded(failing, (error) => errors.push(error)) });
    try {
      const body = JSON.stringify({ appid, image });
      const request = post(['Content-Type: application/json', `Authorization: ${signature()}`], body);
      expect((await exchange(server.port, request)).json).toMatchObject({ code: 0 });
      expect((await exchange(server.port, 'hello\r\n\r\n')).status).toBe(400);
      await expect.poll(() => errors.length).toBe(3);
    } finally {
      await server.stop();
    }
  });
});

describe('the page', () => {
  it('has the metrics that docs/run/operations.md lists, of the same types and with the same labels', async () => {
    const text = await readFile(new URL('../../docs/run/operations.md', import.meta.url), 'utf8');
    const rows = text.matchAll(/^\| `(livestill_\w+)` \| (\w+) \|([^|]*)\|/gm);
    const documented = [...rows].map(([, name, type, labels = '']) => [
      name,
      type,
      [...labels.matchAll(/\w+/g)].map(String).sort(),
    ]);
    const fleet = {
      workers: 1,
      running: 0,
      waiting: 0,
      expectedWaitMs: 0,
      workerMemoryBytes: 1,
      lost: {},
      profile: 'careful',
      lacking: null,
      workersNow: () => [{ pid: 1, rssBytes: 1, judged: 0 }],
    };
    const page = createMetrics({ version: '0', node: 'a', onTrouble: (error) => expect(error).toBe(null) });
    const clock = () => ({ lagMs: 0, jumps: { forward: 0, back: 0 } });
    const store = { node: 'a', connections: () => ({ used: 1, idle: 0, waiting: 0 }), listen: () => {} };
    const calls = { waiting: () => 0, listen: () => {} };
    const batches = () => ({
      chunks: { waiting: 1, running: 0, paused: 0 },
      oldestWaitingSeconds: 1,
      rows: { judged: 1, refused: 0, failed: 0 },
    });
    page.watch({
      fleet,
      server: legacy.server,
      bodies: legacy.bodies,
      clock,
      batches,
      sessions: () => ({ open: 1, webhooks: { waiting: 1, oldestSeconds: 1 } }),
      store,
      sqlite: calls,
      redis: calls,
      traces: { made: 3, exported: 2, failed: 1 },
      drift: () => [{ appid: '1', psi: 0.1 }],
      certificate: () => new Date(),
    });
    const finding = { code: 'BLURRED', severity: 'error', text: '', advice: '' } as const;
    const judgement = judgementOf({ reasons: [finding], milliseconds: { total: 2, decode: 1 } });
    const event = { reason: 'port', host: 'a', detail: null, milliseconds: 1, bytes: 0 } as const;
    const seen = { api: 'v1', code: 'ok', verdict: 'live', reason: 'port', seconds: 1, judgement } as const;
    page.observer.request({ ...seen, outcome: 'judged' });
    page.observer.reply(200);
    page.observer.httpFault('timeout');
    page.observer.download({ ...event, outcome: 'refused' });
    page.observer.download({ ...event, outcome: 'reported' });
    const shown = [...parsePage(await page.text())].filter(([name]) => name.startsWith('livestill_'));
    page.stop();
    const work = createWorkerMetrics({
      version: '0',
      node: 'a',
      onTrouble: (error) => expect(error).toBe(null),
    });
    work.watch({ fleet, batches, store, redis: calls, traces: { made: 3, exported: 2, failed: 1 } });
    work.observer.judged(judgement);
    for (const outcome of ['refused', 'reported'] as const) work.observer.download({ ...event, outcome });
    const ofWorker = [...parsePage(await work.text())].filter(([name]) => name.startsWith('livestill_'));
    work.stop();
    const listed = (page: typeof shown) =>
      page.map(([name, { type, labels }]) => [name, type, [...labels.keys()].sort()]);
    const byName = (a: unknown[], b: unknown[]) => (String(a[0]) < String(b[0]) ? -1 : 1);
    // What only a worker has; all else is the service's, of the same type and with the same labels.
    const own = new Set(shown.map(([name]) => name));
    const more = ofWorker.filter(([name]) => !own.has(name));
    expect(listed([...shown, ...more]).sort(byName)).toEqual(documented.sort(byName));
    for (const one of listed(ofWorker)) expect(documented).toContainEqual(one);
    expect(
      ofWorker.map(([name]) => name).filter((name) => /request|connection|session|tls/.test(name)),
    ).toEqual(['livestill_store_connections']);
  });

  it('is plain text that nobody keeps, to GET and HEAD alone', async () => {
    const url = test.pageUrl;
    const response = await fetch(url);
    expect([response.headers.get('content-type'), response.headers.get('cache-control')]).toEqual([
      'text/plain; version=0.0.4; charset=utf-8',
      'no-store',
    ]);
    expect((await fetch(url, { method: 'HEAD' })).status).toBe(200);
    expect((await fetch(url, { method: 'POST' })).status).toBe(404);
  });

  it('is not on the service port', async () => {
    expect((await fetch(`http://127.0.0.1:${legacy.port}/metrics`)).status).toBe(404);
  });
});
