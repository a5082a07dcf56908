import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Fault } from '../../src/errors.ts';
import { createDownloader } from '../../src/picture/download.ts';
import { type AdminServer, createAdminServer } from '../../src/wire/admin/health.ts';
import { createMetrics, type Metrics } from '../../src/wire/metrics/metrics.ts';
import type { Observer } from '../../src/wire/metrics/observer.ts';
import { startUrlServer, type UrlServer } from '../faults/support/url-server.ts';
import { changes, type Page, parsePage } from '../support/prometheus-text.ts';
import { judgedFace, startV1Test, type V1Test } from '../v1/support.ts';
import { appid, signature } from './support/accounts.ts';
import { judgementOf, noFace } from './support/judge.ts';
import { exchange, open, post } from './support/raw.ts';
import { startTestServer, type TestServer } from './support/server.ts';

/*
 * Real servers with real downloads and a judge made by hand: what `GET /metrics` shows changes by exactly what happened.
 */

const image = Buffer.from('a picture').toString('base64');
let metrics: Metrics;
let admin: AdminServer;
let adminPort: number;
let urls: UrlServer;
let legacy: TestServer;
let v1: V1Test;

beforeAll(async () => {
  const log = pino({ level: 'silent' });
  const failed = (error: unknown) => {
    throw error;
  };
  metrics = createMetrics({ version: '0.0.0', onTrouble: failed });
  urls = await startUrlServer((request, response) => {
    if (request.url === '/gone') response.writeHead(404).end();
    else response.end('a picture');
  });
  const { observer } = metrics;
  const downloader = createDownloader({
    enabled: true,
    allowPrivate: ['127.0.0.1'],
    ports: [urls.port],
    reportOnly: false,
    maxRedirects: 3,
    maxBytes: 1000,
    timeoutMs: 5000,
    observe: observer.download,
  });
  legacy = await startTestServer({ downloader, observer });
  v1 = await startV1Test({ downloader, observer });
  v1.judge.answer = () => judgedFace();
  admin = createAdminServer({}, log, metrics);
  adminPort = await admin.listen('127.0.0.1', 0);
});
afterAll(async () => {
  for (const end of [() => legacy.stop(), () => v1.stop(), () => admin.close(), () => urls.stop()])
    await end();
  metrics.stop();
});
afterEach(() => {
  legacy.judge.full = null;
  legacy.judge.answer = () => judgementOf();
  legacy.ledger.fail = null;
  v1.judge.full = null;
  v1.judge.answer = () => judgedFace();
  v1.ledger.fail = null;
  legacy.lines.length = 0;
});

async function page(): Promise<Page> {
  const response = await fetch(`http://127.0.0.1:${adminPort}/metrics`);
  expect(response.status).toBe(200);
  return parsePage(await response.text());
}

/** What `act` changes on the page is this and nothing else. */
async function expectChanges(act: () => Promise<unknown>, expected: Record<string, number>): Promise<void> {
  const before = await page();
  await act();
  const now = async () => changes(before, await page());
  // A reply is counted when it has left, which its reader may see a moment earlier.
  await expect.poll(now, { timeout: 10_000 }).toEqual(expected);
  expect(await now()).toEqual(expected);
}

const call = (content: object, sign: string | null = signature()) =>
  exchange(
    legacy.port,
    post(
      ['Content-Type: application/json', ...(sign === null ? [] : [`Authorization: ${sign}`])],
      JSON.stringify({ appid, ...content }),
    ),
  );

/** The changes of one request that ended so. */
function ended(
  api: 'legacy' | 'v1',
  outcome: string,
  code: string,
  { verdict = 'none', reason = '', status = 200 } = {},
): Record<string, number> {
  return {
    [`livestill_requests_total{api="${api}",code="${code}",outcome="${outcome}",verdict="${verdict}"}`]: 1,
    [`livestill_request_duration_seconds_count{api="${api}",outcome="${outcome}"}`]: 1,
    ...(reason === ''
      ? {}
      : { [`livestill_refusals_total{api="${api}",code="${code}",reason="${reason}"}`]: 1 }),
    ...(status === 0 ? {} : { [`livestill_http_replies_total{status="${status}"}`]: 1 }),
  };
}

const judged = (verdict: string, scored = true) => ({
  'livestill_judgement_duration_seconds_count{profile="careful"}': 1,
  ...(scored ? { [`livestill_score_count{verdict="${verdict}"}`]: 1 } : {}),
});
const download = (outcome: string, reason = 'none') => ({
  ...(outcome === 'fetched' ? { livestill_download_bytes_total: 'a picture'.length } : {}),
  [`livestill_downloads_total{outcome="${outcome}",reason="${reason}"}`]: 1,
  [`livestill_download_duration_seconds_count{outcome="${outcome}"}`]: 1,
});

describe('requests of the old API', () => {
  it.each([
    ['live', judgementOf(), '0', true],
    ['attack', judgementOf({ verdict: 'attack', score: 3 }), '0', true],
    ['poor_quality', judgementOf({ verdict: 'poor_quality', score: 97 }), '0', true],
    ['no_face', noFace, '-4015', false],
  ])('judged: %s', async (verdict, judgement, code, scored) => {
    legacy.judge.answer = () => judgement;
    await expectChanges(() => call({ image }), {
      ...ended('legacy', 'judged', code, { verdict }),
      ...judged(verdict, scored),
    });
  });

  it('judged: what was found', async () => {
    const finding = { code: 'BLURRED', severity: 'error', text: '', advice: '' } as const;
    legacy.judge.answer = () => judgementOf({ reasons: [finding, { ...finding, code: 'SEVERAL_FACES' }] });
    await expectChanges(() => call({ image }), {
      ...ended('legacy', 'judged', '0', { verdict: 'live' }),
      ...judged('live'),
      'livestill_findings_total{finding="BLURRED"}': 1,
      'livestill_findings_total{finding="SEVERAL_FACES"}': 1,
    });
  });

  it.each([
    ['no signature', { image }, null, '4', 'sign_missing', 401],
    ['a signature that is no base64', { image }, '*', '5', 'not_base64', 401],
    ['no picture', {}, signature(), '-5805', 'no_image', 200],
    ['a url of another kind', { url: 'ftp://a.example/b' }, signature(), '21', 'url:not_http', 400],
  ])('refused: %s', async (_name, content, sign, code, reason, status) => {
    await expectChanges(() => call(content, sign), ended('legacy', 'refused', code, { reason, status }));
    expect(legacy.lines).toMatchObject([{ code: Number(code), reason }]);
  });

  it('no room', async () => {
    legacy.judge.full = new Fault(-5802, 'queue_full', 'full', { retryAfter: 1 });
    await expectChanges(
      () => call({ image }),
      ended('legacy', 'busy', '-5802', { reason: 'queue_full', status: 503 }),
    );
  });

  it('failed: the engine', async () => {
    legacy.judge.answer = () => {
      throw new Fault(213, 'worker_crashed', 'twice');
    };
    await expectChanges(
      () => call({ image }),
      ended('legacy', 'failed', '213', { reason: 'worker_crashed', status: 500 }),
    );
  });

  it('failed: the ledger, of a picture that was judged and whose verdict nobody got', async () => {
    legacy.ledger.fail = new Fault(108, 'disk_full', 'no room');
    await expectChanges(() => call({ image }), {
      ...ended('legacy', 'failed', '108', { reason: 'disk_full', status: 503 }),
      'livestill_judgement_duration_seconds_count{profile="careful"}': 1,
    });
  });

  it('aborted: the caller went away', async () => {
    const leaving = open(legacy.port);
    legacy.judge.answer = (_picture, { signal }) => {
      leaving.destroy();
      return new Promise((_resolve, reject) =>
        signal?.addEventListener('abort', () => reject(signal.reason)),
      );
    };
    const body = JSON.stringify({ appid, image });
    await expectChanges(
      async () =>
        leaving.write(post(['Content-Type: application/json', `Authorization: ${signature()}`], body)),
      ended('legacy', 'aborted', 'aborted', { status: 0 }),
    );
    expect(legacy.lines).toMatchObject([{ event: 'aborted' }]);
  });
});

describe('requests of the v1 API', () => {
  const send = (init: RequestInit = {}) =>
    v1.post('/v1/liveness', {
      body: 'a picture',
      ...init,
      headers: { 'content-type': 'image/jpeg', ...init.headers },
    });

  it('judged, and replayed', async () => {
    const headers = { 'idempotency-key': 'once' };
    await expectChanges(() => send({ headers }), {
      ...ended('v1', 'judged', 'ok', { verdict: 'live' }),
      ...judged('live'),
    });
    await expectChanges(() => send({ headers }), ended('v1', 'replayed', 'replayed'));
  });

  it.each([
    ['an unknown key', { authorization: 'Bearer lsk_x' }, 'api_key_invalid', 'api_key_invalid', 401],
    ['another content type', { 'content-type': 'text/html' }, 'unsupported_media_type', 'content_type', 415],
  ])('refused: %s', async (_name, headers, code, reason, status) => {
    await expectChanges(() => send({ headers }), ended('v1', 'refused', code, { reason, status }));
  });

  it('refused: not a picture', async () => {
    v1.judge.answer = () => {
      throw new Fault(-4016, 'truncated', 'cut off');
    };
    await expectChanges(
      () => send(),
      ended('v1', 'refused', 'picture_unreadable', { reason: 'truncated', status: 422 }),
    );
  });

  it('no room and a store that fails, each with the reason of its own', async () => {
    v1.judge.full = new Fault(-5802, 'queue_share', 'full');
    await expectChanges(
      () => send(),
      ended('v1', 'busy', 'overloaded', { reason: 'queue_share', status: 503 }),
    );
    v1.judge.full = null;
    v1.ledger.fail = new Fault(108, 'store_busy', 'locked');
    await expectChanges(() => send(), {
      ...ended('v1', 'failed', 'store_unavailable', { reason: 'store_busy', status: 503 }),
      'livestill_judgement_duration_seconds_count{profile="careful"}': 1,
    });
  });

  it('other paths are replies and no requests for a judgement', async () => {
    await expectChanges(() => fetch(`${v1.url}/v1/openapi.json`), {
      'livestill_http_replies_total{status="200"}': 1,
    });
    await expectChanges(() => fetch(`${v1.url}/v1/nothing`), {
      'livestill_http_replies_total{status="404"}': 1,
    });
  });
});

describe('downloads: the reason stands in metric, log and header', () => {
  const at = (path: string) => `http://127.0.0.1:${urls.port}${path}`;

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
    const target = url.startsWith('/') ? at(url) : url.replace('PORT', String(urls.port));
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
    const shown = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();
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
    v1.lines.length = 0;
    await expectChanges(act, {
      ...ended('v1', 'refused', 'download_failed', { reason: 'http_404', status: 422 }),
      ...download('refused', 'http_404'),
    });
    expect(problem).toMatchObject({ code: 'download_failed', reason: 'http_404' });
    expect(v1.lines).toMatchObject([{ reason: 'http_404', downloadMilliseconds: expect.any(Number) }]);
  });

  it('report only: counted and in the log, and let through', async () => {
    const { observer } = metrics;
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

describe('an observer that throws', () => {
  it('is an observer no request hears of, once it is guarded', async () => {
    const failing = new Proxy({} as Observer, {
      get: () => () => {
        throw new Error('broken');
      },
    });
    const { guarded } = await import('../../src/wire/metrics/observer.ts');
    const errors: unknown[] = [];
    const server = await startTestServer({ observer: guarded(failing, (error) => errors.push(error)) });
    try {
      const body = JSON.stringify({ appid, image });
      const request = post(['Content-Type: application/json', `Authorization: ${signature()}`], body);
      expect((await exchange(server.port, request)).json).toMatchObject({ code: 0 });
      expect((await exchange(server.port, 'hello\r\n\r\n')).status).toBe(400);
      await expect.poll(() => errors.length, { timeout: 10_000 }).toBe(3);
    } finally {
      await server.stop();
    }
  });
});

describe('the page', () => {
  it('is plain text that nobody keeps, to GET and HEAD alone', async () => {
    const url = `http://127.0.0.1:${adminPort}/metrics`;
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
