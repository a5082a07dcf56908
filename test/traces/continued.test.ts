import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { Fault } from '../../src/faults.ts';
import { nodesOn, someWorker } from '../../src/jobs/test-support/fleet.ts';
import { callOne } from '../../src/jobs/webhook.ts';
import { runWorker } from '../../src/jobs/worker.ts';
import type { Poster } from '../../src/picture/download/post.ts';
import { serverOfTests, whyNoServer } from '../../src/store/postgres/test-support/server.ts';
import { settingsFor } from '../../src/store/postgres/test-support/settings.ts';
import { openTraces } from '../../src/traces/opentelemetry.ts';
import type { Traces } from '../../src/traces/types.ts';
import { deliverDue } from '../../src/webhook/deliver.ts';
import { judgementOf } from '../contract/support/judge.ts';
import { startV1Test, type V1Test } from '../v1/support.ts';
import { type Collector, childrenOf, type ReceivedSpan, startCollector } from './collector.ts';

/* What comes of a call later, and on other nodes, goes on with its trace: as a collector receives it over OTLP. */

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const parentSpanId = '00f067aa0ba902b7';
const traceparent = `00-${traceId}-${parentSpanId}-01`;
const title = whyNoServer === null ? '' : ` (skipped: ${whyNoServer})`;

let collector: Collector;
beforeEach(async () => {
  collector = await startCollector();
});
afterEach(() => collector.stop());

/** The traces of a process; it must be stopped before spans are looked at. */
const tracesOf = (node: string, trustParent = false): Promise<Traces> =>
  openTraces({
    url: collector.url,
    authorization: null,
    ratio: 1,
    trustParent,
    namesApps: false,
    version: '1.2.3',
    node,
    onTrouble: (error) => expect(error).toBeNull(),
    gatherMs: 60_000,
  });

async function started(traces: Traces, options: Parameters<typeof startV1Test>[0] = {}): Promise<V1Test> {
  const test = await startV1Test({ traces, ...options });
  onTestFinished(() => test.stop());
  return test;
}

const send = (test: V1Test, apiKey: string, path: string, body?: object) =>
  fetch(`${test.url}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json', traceparent },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

const named = (spans: readonly ReceivedSpan[], name: string) => spans.filter((span) => span.name === name);

/** A receiver that answers so, and what it was called with. */
function posterOf(...answers: readonly (number | Fault)[]) {
  const sent: Parameters<Poster['post']>[1][] = [];
  const poster: Poster = {
    async post(_url, posted) {
      const answer = answers[sent.length];
      sent.push(posted);
      if (answer instanceof Fault) throw answer;
      return answer ?? 200;
    },
  };
  return { poster, sent };
}

describe.skipIf(whyNoServer !== null)(`a batch${title}`, () => {
  const of = serverOfTests();

  it('is one trace: its call, the chunks of another node, and its webhook', async () => {
    const service = await tracesOf('service', true);
    const postgres = settingsFor(await of.server.newDatabase());
    const test = await started(service, { postgres });
    const apiKey = await test.key({ scopes: ['batch'] });
    const pictures = ['https://pictures.example/somebody.jpg', 'https://pictures.example/else.jpg'];
    const made = await send(test, apiKey, '/v1/batches', {
      pictures,
      name: 'a name of the batch',
      webhook: 'https://hooks.example/done',
    });
    expect(made.status).toBe(200);
    const { batchId } = (await made.json()) as { batchId: string };

    const worker = await tracesOf('worker');
    const [store] = await nodesOn(of.server, 1, postgres.url);
    const batches = store!.batches!;
    const stop = new AbortController();
    const judge = { judge: async () => judgementOf(), refusal: () => null, models: [] };
    const parts = { judge, traces: worker, endWhenIdle: true, name: 'w' };
    await runWorker(someWorker(store!, parts), stop.signal);
    const timeout = new Fault('download_refused', 'first_byte_timeout', 'no answer');
    const { poster, sent } = posterOf(timeout, 204);
    const call = () =>
      callOne({
        batches,
        poster,
        secretOf: () => 'a secret',
        clock: Date.now,
        pollMs: 1,
        onCalled: () => {},
        onTrouble: () => {},
        traces: worker,
      });
    expect(await call()).toBe(true);
    // Due again at once, rather than after the pause that a failure makes.
    await batches.finishWebhook(batchId, 0);
    expect(await call()).toBe(true);
    expect((await send(test, apiKey, `/v1/batches/${batchId}/results`)).status).toBe(200);
    await Promise.all([service.stop(), worker.stop()]);

    const { spans } = collector;
    const [root] = named(spans, 'POST /v1/batches') as [ReceivedSpan];
    expect(root).toMatchObject({
      traceId,
      parentSpanId,
      kind: 2,
      resource: { 'service.instance.id': 'service' },
      attributes: {
        'http.request.method': 'POST',
        'http.route': '/v1/batches',
        'http.response.status_code': 200,
        'livestill.api': 'v1',
        'livestill.outcome': 'answered',
        'livestill.code': 'ok',
      },
    });
    expect(test.lines.find(({ event }) => event === 'decision')).toMatchObject({ traceId });
    expect(named(spans, 'GET /v1/batches/{batchId}/results')).toMatchObject([{ traceId, kind: 2 }]);
    const below = childrenOf(spans, root);
    expect(below.map(({ name, kind }) => [name, kind])).toEqual([
      ['batch chunk', 5],
      ['webhook', 3],
      ['webhook', 3],
    ]);
    expect(new Set(below.map(({ resource }) => resource['service.instance.id']))).toEqual(
      new Set(['worker']),
    );
    expect(childrenOf(spans, below[0]!).map(({ name }) => name)).toContain('picture');
    expect(below.slice(1).map(({ attributes, failed }) => ({ ...attributes, failed }))).toEqual([
      {
        'http.request.method': 'POST',
        'livestill.webhook': 'batch',
        'livestill.outcome': 'retry',
        'livestill.tries': 1,
        'error.type': 'first_byte_timeout',
        'livestill.batch_id': batchId,
        failed: false,
      },
      {
        'http.request.method': 'POST',
        'livestill.webhook': 'batch',
        'livestill.outcome': 'delivered',
        'livestill.tries': 2,
        'http.response.status_code': 204,
        'livestill.batch_id': batchId,
        failed: false,
      },
    ]);
    for (const { headers } of sent) expect(Object.keys(headers)).not.toContain('traceparent');
    const text = collector.bodies.join('\n');
    for (const secret of ['somebody', 'pictures.example', 'hooks.example', 'a name of the batch', apiKey])
      expect(text).not.toContain(secret);
  }, 60_000);
});

describe('calls about batches', () => {
  it('that are refused have a span too, which names no batch', async () => {
    const traces = await tracesOf('service');
    const test = await started(traces);
    const apiKey = await test.key({ scopes: ['batch'] });
    const batchId = '4be0f1f8-7d1f-4a06-9d8f-0f6c7e7a5a53';
    expect((await send(test, apiKey, `/v1/batches/${batchId}/pause`, {})).status).toBe(501);
    expect((await send(test, 'no-key', '/v1/batches')).status).toBe(401);
    await traces.stop();
    const [paused] = named(collector.spans, 'POST /v1/batches/{batchId}/pause');
    expect(paused).toMatchObject({
      parentSpanId: undefined,
      attributes: { 'http.response.status_code': 501, 'livestill.code': 'batches_unavailable' },
    });
    expect(named(collector.spans, 'GET /v1/batches')).toHaveLength(1);
    expect(collector.bodies.join('')).not.toContain(batchId);
  });
});

describe('a session', () => {
  it('has its webhook in the trace of the call that made it, and is named in no span', async () => {
    const service = await tracesOf('service', true);
    const test = await started(service);
    const wish = { webhook: 'https://hooks.example/ended', reference: 'case-4711' };
    const made = (await (await send(test, test.apiKey, '/v1/sessions', wish)).json()) as Record<
      string,
      string
    >;
    const { sessionId = '' } = made;
    expect((await send(test, test.apiKey, `/v1/sessions/${sessionId}/cancel`, {})).status).toBe(200);
    const { poster, sent } = posterOf(500);
    // As another node has it: the trace is kept with the call.
    const other = await tracesOf('other');
    const delivery = { webhooks: test.store.webhooks, poster, secret: 's', clock: Date.now, traces: other };
    expect(await deliverDue(delivery)).toBe(1);
    await Promise.all([service.stop(), other.stop()]);
    const { spans } = collector;
    const [root] = named(spans, 'POST /v1/sessions') as [ReceivedSpan];
    expect(root).toMatchObject({ traceId, parentSpanId, attributes: { 'http.response.status_code': 201 } });
    expect(childrenOf(spans, root)).toMatchObject([
      {
        name: 'webhook',
        kind: 3,
        failed: false,
        resource: { 'service.instance.id': 'other' },
        attributes: {
          'livestill.webhook': 'session',
          'livestill.outcome': 'retry',
          'livestill.tries': 1,
          'http.response.status_code': 500,
        },
      },
    ]);
    expect(Object.keys(sent[0]?.headers ?? {})).not.toContain('traceparent');
    expect(String(sent[0]?.body)).not.toContain(traceId);
    const text = collector.bodies.join('\n');
    for (const secret of [sessionId, 'case-4711', 'hooks.example', made.token])
      expect(text).not.toContain(secret);
  });

  it('that nobody traced has a webhook with a trace of its own', async () => {
    const test = await startV1Test();
    onTestFinished(() => test.stop());
    const wish = { webhook: 'https://hooks.example/ended' };
    const made = (await (await send(test, test.apiKey, '/v1/sessions', wish)).json()) as Record<
      string,
      string
    >;
    await send(test, test.apiKey, `/v1/sessions/${made.sessionId}/cancel`, {});
    const traces = await tracesOf('service');
    const { poster } = posterOf(200);
    await deliverDue({ webhooks: test.store.webhooks, poster, secret: 's', clock: Date.now, traces });
    await traces.stop();
    expect(collector.spans).toMatchObject([{ name: 'webhook', parentSpanId: undefined }]);
    expect(collector.spans[0]?.traceId).not.toBe(traceId);
  });
});
