import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Fault } from '../../src/faults.ts';
import { openTraces, type TracesOptions } from '../../src/traces/opentelemetry.ts';
import type { Traces } from '../../src/traces/types.ts';
import { signature } from '../contract/support/accounts.ts';
import { appid, judgedFace, pair, startV1Test, type V1Test } from '../v1/support.ts';
import { type Collector, childrenOf, type ReceivedSpan, startCollector } from './collector.ts';

/*
 * Spans of calls of both APIs, as a collector receives them over OTLP.
 */

const opened: Traces[] = [];
const troubles: unknown[] = [];
let collector: Collector;
let test: V1Test;
/** What the servers hand their calls to; each test sets its own. */
let current: Traces;
const traces: Traces = {
  get namesApps() {
    return current.namesApps;
  },
  get counts() {
    return current.counts;
  },
  add: (work) => current.add(work),
  begin: (name, attributes, within) => current.begin(name, attributes, within),
  beginCall: (traceparent, from) => current.beginCall(traceparent, from),
  stop: () => current.stop(),
};

async function use(change: Partial<TracesOptions> = {}): Promise<Traces> {
  current = await openTraces({
    url: collector.url,
    authorization: null,
    ratio: 1,
    trustParent: false,
    namesApps: false,
    version: '1.2.3',
    onTrouble: (error) => troubles.push(error),
    gatherMs: 60_000,
    ...change,
  });
  opened.push(current);
  return current;
}

beforeAll(async () => {
  test = await startV1Test({
    traces,
    downloader: {
      async download(url) {
        if (url.pathname === '/private')
          throw new Fault('download_refused', 'private_address', '10.0.0.1 is private');
        return Uint8Array.from(Buffer.from('a picture'));
      },
    },
  });
});
beforeEach(async () => {
  collector = await startCollector();
  troubles.length = 0;
  test.lines.length = 0;
  test.judge.answer = async (_picture, { onTaken }) => {
    onTaken?.();
    await new Promise((resolve) => setTimeout(resolve, 15));
    return judgedFace({
      milliseconds: { decode: 3, detect: 2, crop: 1, classify: 5, quality: 1, total: 12 },
    });
  };
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.stop()));
  await collector.stop();
});
afterAll(() => test.stop());

const picture = Buffer.from('a picture');
const v1Call = (headers: Record<string, string> = {}) =>
  test.post('/v1/liveness', { body: picture, headers: { 'content-type': 'image/jpeg', ...headers } });
const legacyCall = (content: object) =>
  fetch(`${test.url}/face/livedetectpicture`, {
    method: 'POST',
    headers: {
      authorization: signature({ a: appid, k: pair.secretId }, pair.secretKey),
      'content-type': 'application/json',
    },
    body: JSON.stringify({ appid, ...content }),
  });
const rootOf = (spans: readonly ReceivedSpan[]): ReceivedSpan => {
  const roots = spans.filter(({ kind }) => kind === 2);
  expect(roots).toHaveLength(1);
  return roots[0] as ReceivedSpan;
};
const lineOf = () => test.lines.find(({ event }) => event === 'decision') as Record<string, unknown>;

describe('the spans of a call', () => {
  it('of v1 are one for the call, for each stage, for the worker and its steps', async () => {
    const before = Date.now();
    const traced = await use({ node: 'node-a' });
    expect((await v1Call()).status).toBe(200);
    await traced.stop();
    const { spans } = collector;
    const root = rootOf(spans);
    expect(root).toMatchObject({ name: 'POST /v1/liveness', parentSpanId: undefined, failed: false });
    expect(root.attributes).toEqual({
      'http.request.method': 'POST',
      'http.route': '/v1/liveness',
      'http.response.status_code': 200,
      'livestill.api': 'v1',
      'livestill.outcome': 'judged',
      'livestill.code': 'ok',
      'livestill.profile': 'careful',
      'livestill.picture_bytes': picture.length,
    });
    expect(root.resource).toEqual({
      'service.name': 'livestill',
      'service.version': '1.2.3',
      'service.instance.id': 'node-a',
    });
    expect(root.from).toBeGreaterThan(before - 1000);
    expect(root.to).toBeLessThan(Date.now() + 1000);
    const stages = childrenOf(spans, root);
    expect(stages.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['admit', 'body', 'judge', 'record']),
    );
    const judge = stages.find(({ name }) => name === 'judge') as ReceivedSpan;
    const [worker] = childrenOf(spans, judge) as [ReceivedSpan];
    expect(worker.name).toBe('worker');
    expect(childrenOf(spans, worker).map(({ name }) => name)).toEqual([
      'decode',
      'detect',
      'quality',
      'classify',
    ]);
    for (const one of spans) {
      expect(one.from).toBeGreaterThanOrEqual(root.from - 0.01);
      expect(one.to).toBeLessThanOrEqual(root.to + 0.01);
    }
    expect(lineOf().traceId).toBe(root.traceId);
    expect(traced.counts).toEqual({ made: spans.length, exported: spans.length, failed: 0 });
  });

  it('of the old API, with a download', async () => {
    const traced = await use();
    await legacyCall({ url: 'https://pictures.example/of/somebody.jpg' });
    await traced.stop();
    const root = rootOf(collector.spans);
    expect(root).toMatchObject({
      name: 'POST /face/livedetectpicture',
      attributes: { 'livestill.api': 'legacy', 'livestill.code': '0' },
    });
    expect(childrenOf(collector.spans, root).map(({ name }) => name)).toContain('fetch');
  });

  it('of a refusal end with the stage it was refused in, and say why', async () => {
    const traced = await use();
    await legacyCall({ url: 'https://pictures.example/private' });
    await traced.stop();
    const root = rootOf(collector.spans);
    expect(root.failed).toBe(false);
    expect(root.attributes).toMatchObject({
      'livestill.outcome': 'refused',
      'error.type': 'private_address',
    });
    expect(childrenOf(collector.spans, root).map(({ name }) => name)).not.toContain('judge');
  });

  it('of a fault of the service are marked as failed', async () => {
    const traced = await use();
    test.judge.answer = () => {
      throw new Error('broken');
    };
    expect((await v1Call()).status).toBe(500);
    await traced.stop();
    expect(rootOf(collector.spans)).toMatchObject({
      failed: true,
      attributes: { 'livestill.outcome': 'failed' },
    });
  });

  it('of a session name no session', async () => {
    const traced = await use();
    const sessionId = `ses_${'a'.repeat(22)}`;
    await test.post(`/v1/sessions/${sessionId}/stills`, { body: picture });
    await traced.stop();
    expect(rootOf(collector.spans).attributes).toMatchObject({
      'http.route': '/v1/sessions/{sessionId}/stills',
    });
    expect(collector.bodies.join('')).not.toContain(sessionId);
  });
});

describe('what spans do not say', () => {
  it('who called, from where, whose picture it was, where it lay, what came of it', async () => {
    const traced = await use();
    const secrets = ['case-4711', 'r-of-the-caller', 'somebody.jpg', 'pictures.example', '203.0.113.9'];
    await v1Call({
      'x-reference': 'case-4711',
      'x-request-id': 'r-of-the-caller',
      'x-forwarded-for': '203.0.113.9',
    });
    await legacyCall({ url: 'https://pictures.example/of/somebody.jpg?token=t' });
    const known = test.lines.flatMap(({ pictureSha256, secretId }) => [pictureSha256, secretId]);
    await traced.stop();
    const text = collector.bodies.join('\n');
    expect(collector.spans.filter(({ kind }) => kind === 2)).toHaveLength(2);
    for (const one of [...secrets, ...known, appid, '127.0.0.1', 'verdict', 'score'])
      expect(text).not.toContain(one);
  });

  it('but which app, where that is asked for', async () => {
    const traced = await use({ namesApps: true });
    await v1Call();
    await traced.stop();
    expect(rootOf(collector.spans).attributes).toMatchObject({ 'livestill.app': appid });
  });
});

describe('what is sampled', () => {
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
  const parentSpanId = '00f067aa0ba902b7';

  it.each([
    [true, 0, '01', true],
    [true, 1, '00', false],
    [false, 0, '01', false],
  ])('a traceparent, trusted: %s, ratio %d, flags %s: %s', async (trustParent, ratio, flags, isSampled) => {
    const traced = await use({ trustParent, ratio });
    await v1Call({ traceparent: `00-${traceId}-${parentSpanId}-${flags}` });
    await traced.stop();
    expect(collector.spans.length > 0).toBe(isSampled);
    expect(lineOf().traceId).toBe(isSampled ? traceId : undefined);
    if (isSampled) expect(rootOf(collector.spans)).toMatchObject({ traceId, parentSpanId });
  });

  it('a traceparent that nobody trusts, or that is none: a trace of its own', async () => {
    await use();
    await v1Call({ traceparent: `00-${traceId}-${parentSpanId}-01` });
    await current.stop();
    await use({ trustParent: true });
    await v1Call({ traceparent: 'no-traceparent' });
    await current.stop();
    const roots = collector.spans.filter(({ kind }) => kind === 2);
    expect(roots).toHaveLength(2);
    for (const root of roots) {
      expect(root.parentSpanId).toBeUndefined();
      expect(root.traceId).not.toBe(traceId);
    }
  });

  it('about the share that is asked for', async () => {
    const traced = await use({ ratio: 0.25 });
    const work = { name: 'x', kind: 'server' as const, failed: false, from: 0, to: 1 };
    const sampled = Array.from({ length: 2000 }, () => traced.add(work)).filter((id) => id !== null);
    // Binomial with 2000 tries and 0.25: 380 to 620 is more than six standard deviations on each side.
    expect(sampled.length).toBeGreaterThan(380);
    expect(sampled.length).toBeLessThan(620);
  });
});

describe('the collector', () => {
  it('is the only one that is told, with its header', async () => {
    const traced = await use({ authorization: 'Bearer token-of-the-collector' });
    await v1Call();
    await traced.stop();
    expect(collector.requests).toHaveLength(1);
    const [{ path, headers }] = collector.requests as [{ path: string; headers: Record<string, string> }];
    expect(path).toBe('/v1/traces');
    expect(headers.authorization).toBe('Bearer token-of-the-collector');
  });

  it('is the one that is configured, whatever the environment of the SDK says', async () => {
    const other = await startCollector();
    const names = [
      'OTEL_EXPORTER_OTLP_ENDPOINT',
      'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
      'OTEL_TRACES_SAMPLER',
    ];
    try {
      for (const name of names) process.env[name] = name.endsWith('SAMPLER') ? 'always_off' : other.url;
      const traced = await use();
      await v1Call();
      await traced.stop();
      expect(other.requests).toEqual([]);
      expect(collector.spans.length).toBeGreaterThan(0);
    } finally {
      for (const name of names) delete process.env[name];
      await other.stop();
    }
  });

  it.each([
    [
      'refuses',
      async () => {
        collector.answer = 401;
      },
    ],
    ['is not there', async () => collector.stop()],
    [
      'does not answer',
      async () => {
        collector.answer = 'hang';
      },
    ],
  ])('that %s delays and fails no call, and is told once', async (_, arrange) => {
    const { url } = collector;
    await arrange();
    const traced = await use({ url, gatherMs: 1, sendWithinMs: 300, stopWithinMs: 300 });
    for (let call = 0; call < 3; call += 1) {
      expect((await v1Call()).status).toBe(200);
      expect(lineOf()).toMatchObject({ traceId: expect.any(String) });
    }
    await expect.poll(() => traced.counts.failed, { timeout: 5000 }).toBeGreaterThan(0);
    expect(troubles.length).toBe(1);
    await traced.stop();
    expect(traced.counts.exported).toBe(0);
    if (collector.answer !== 200) return;
    collector = await startCollector();
  });

  it('gets no more than the queue holds; the rest is dropped', async () => {
    collector.answer = 'hang';
    const traced = await use({ gatherMs: 1, sendWithinMs: 300, stopWithinMs: 300 });
    const work = { name: 'x', kind: 'server' as const, failed: false, from: 0, to: 1 };
    for (let count = 0; count < 20_000; count += 1) traced.add(work);
    expect(traced.counts.made).toBe(20_000);
    await traced.stop();
    const sent = collector.requests.length * 512;
    expect(sent).toBeLessThanOrEqual(4096 + 512);
  });
});
