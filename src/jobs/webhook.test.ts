import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createPoster } from '../picture/download/post.ts';
import type { BatchStatus, BatchStore } from './types.ts';
import { callOne, checkWebhook, type WebhookDeps } from './webhook.ts';

const secret = 'a secret of webhooks';
const status: BatchStatus = {
  batchId: 'b1',
  appid: '1',
  secretId: '',
  name: 'some',
  priority: 0,
  webhook: null,
  results: null,
  resultsState: null,
  resultsFailure: null,
  state: 'done',
  pictures: 3,
  judged: 1,
  refused: 1,
  failed: 1,
  createdAt: new Date(0),
  begunAt: new Date(0),
  finishedAt: new Date(1000),
  webhookState: 'waiting',
};
const options = {
  enabled: true,
  allowPrivate: [] as string[],
  ports: [] as number[],
  maxRedirects: 0,
  maxBytes: 1000,
  timeoutMs: 60_000,
};

interface Call {
  readonly url: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A receiver of webhooks that answers with these statuses, one after the other. */
async function receiver(statuses: number[]): Promise<{ readonly port: number; readonly calls: Call[] }> {
  const calls: Call[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += String(chunk);
    });
    request.on('end', () => {
      calls.push({ url: request.url, headers: request.headers, body });
      response.writeHead(statuses.shift() ?? 500, { location: '/elsewhere' }).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return { port: (server.address() as AddressInfo).port, calls };
}

/** Calls what is due once; what became of it. */
async function called(webhook: string, tries: number, parts: Partial<typeof options>) {
  const ended: unknown[] = [];
  const batches = {
    takeWebhook: async () => ({ status: { ...status, webhook }, tries, traceparent: null }),
    finishWebhook: async (_id: string, end: unknown) => void ended.push(end),
  } as unknown as BatchStore;
  const deps: WebhookDeps = {
    batches,
    poster: createPoster({ ...options, ...parts }),
    secretOf: () => secret,
    clock: () => 1_700_000_000_500,
    pollMs: 1,
    onCalled: (_status, end, why) => ended.push(`${end}: ${why}`),
    onTrouble: () => {},
  };
  await callOne(deps);
  return ended;
}

describe('a webhook', () => {
  it('is a POST with the figures of the batch, signed with the time', async () => {
    const { port, calls } = await receiver([204]);
    const allowed = { allowPrivate: ['127.0.0.1'], ports: [port] };
    expect(await called(`http://127.0.0.1:${port}/hook?a=1`, 1, allowed)).toEqual([
      'delivered',
      'delivered: status 204',
    ]);
    const [call] = calls;
    expect(call?.url).toBe('/hook?a=1');
    expect(JSON.parse(call?.body ?? '')).toMatchObject({
      event: 'batch.finished',
      batch: { batchId: 'b1', state: 'done', pictures: 3, failed: 1 },
    });
    const digest = createHmac('sha256', secret).update(`1700000000.${call?.body}`).digest('hex');
    expect(call?.headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'livestill-signature': `t=1700000000,v1=${digest}`,
    });
  });

  it('is called again, later each time, and given up in the end', async () => {
    const { port, calls } = await receiver([500, 302, 404]);
    const allowed = { allowPrivate: ['127.0.0.1'], ports: [port] };
    const url = `http://127.0.0.1:${port}/`;
    expect(await called(url, 1, allowed)).toEqual([5_000, 'retry: status 500']);
    // A redirect is not followed.
    expect(await called(url, 3, allowed)).toEqual([45_000, 'retry: status 302']);
    expect(await called(url, 12, allowed)).toEqual(['given_up', 'given_up: status 404']);
    expect(calls).toHaveLength(3);
    expect(await called('http://127.0.0.1:1/', 20, { allowPrivate: ['127.0.0.1'], ports: [1] })).toEqual([
      'given_up',
      'given_up: connect_failed',
    ]);
  });

  it('reaches no place that pictures may not be fetched from', async () => {
    const { port, calls } = await receiver([200, 200]);
    expect(await called(`http://127.0.0.1:${port}/`, 1, { ports: [port] })).toEqual([
      5_000,
      'retry: loopback_address',
    ]);
    expect(await called(`http://127.0.0.1:${port}/`, 1, { allowPrivate: ['127.0.0.1'] })).toEqual([
      5_000,
      'retry: port',
    ]);
    expect(await called('http://169.254.169.254/', 1, { ports: [80] })).toEqual([
      5_000,
      expect.stringContaining('retry: '),
    ]);
    expect(await called(`http://127.0.0.1:${port}/`, 1, { enabled: false })).toEqual([
      5_000,
      'retry: downloads_off',
    ]);
    expect(calls).toEqual([]);
  });

  it('is taken only where it can be signed, and called', () => {
    expect(checkWebhook('https://example.org/a', true)).toBe('https://example.org/a');
    expect(() => checkWebhook('https://example.org/a', false)).toThrow(/LIVESTILL_WEBHOOK_SECRET/);
    const long = `https://a.b/${'x'.repeat(2048)}`;
    for (const url of ['ftp://a.b', 'javascript:1', 'a', long, 'https://u:p@a.b/', 'https://a.b/\u0000']) {
      expect(() => checkWebhook(url, true), url).toThrow(/^the webhook: expected /);
    }
  });
});
