import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createPoster } from '../picture/download/post.ts';
import { deliverDue } from './deliver.ts';
import { afterFailure, MOST_TRIES } from './schedule.ts';
import { appWebhookSecret } from './sign.ts';
import type { WebhookCall, WebhookEnd } from './types.ts';
import { webhookUrlProblem } from './url.ts';

const NOW = 1_800_000_000_000;

/** A receiver that answers with `status`, what it received, and how a call to it ended. */
async function called(status: number, allowPrivate: readonly string[], tries = 1) {
  const received: { headers: Record<string, unknown>; body: string }[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', () => {
      received.push({ headers: request.headers, body });
      response.writeHead(status, { location: 'http://127.0.0.1/' }).end('ignored');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise<void>((resolve) => void server.close(() => resolve())));
  const { port } = server.address() as AddressInfo;
  const call: WebhookCall = {
    id: 'session:ses_1',
    appid: '1000001',
    url: `http://127.0.0.1:${port}/hook?x=1`,
    body: '{"event":"session.ended"}',
    tries,
    traceparent: null,
  };
  const ends: WebhookEnd[] = [];
  const due = [call];
  const download = {
    enabled: true,
    allowPrivate,
    ports: [port],
    maxRedirects: 3,
    maxBytes: 1,
    timeoutMs: 60_000,
  };
  await deliverDue({
    webhooks: {
      takeWebhooks: async () => due.splice(0),
      endWebhook: async (_id, end) => void ends.push(end),
    },
    poster: createPoster(download),
    secret: 'of the installation',
    clock: () => NOW,
  });
  return { received, end: ends[0] };
}

describe('a webhook', () => {
  it('is signed with the secret of its app, and delivered by any 2xx', async () => {
    const { received, end } = await called(204, ['127.0.0.1']);
    expect(end).toEqual({ kind: 'delivered' });
    const [{ headers, body } = { headers: {}, body: '' }] = received;
    const secret = appWebhookSecret('of the installation', '1000001');
    const digest = createHmac('sha256', secret)
      .update(`${NOW / 1000}.${body}`)
      .digest('hex');
    expect(headers).toMatchObject({
      'livestill-signature': `t=${NOW / 1000},v1=${digest}`,
      'livestill-webhook-id': 'session:ses_1',
      'content-type': 'application/json; charset=utf-8',
    });
    expect(secret).not.toBe(appWebhookSecret('of the installation', '1000002'));
  });

  it.each([302, 400, 500])('answered with %s is tried again, and no redirect is followed', async (status) => {
    const { received, end } = await called(status, ['127.0.0.1']);
    expect(received).toHaveLength(1);
    expect(end).toMatchObject({ kind: 'retry', why: `status ${status}` });
  });

  it('does not go where downloads do not go', async () => {
    const { received, end } = await called(204, []);
    expect(received).toEqual([]);
    expect(end).toMatchObject({ kind: 'retry', why: 'loopback_address' });
  });

  it('is given up after its last try', async () => {
    expect((await called(500, ['127.0.0.1'], MOST_TRIES)).end).toEqual({
      kind: 'given_up',
      why: 'status 500',
    });
  });

  it('is tried over many hours, with growing pauses', () => {
    const pauses = Array.from({ length: MOST_TRIES - 1 }, (_, n) => {
      const end = afterFailure(n + 1, 0, '');
      return end.kind === 'retry' ? end.at : 0;
    });
    expect(pauses).toEqual([...pauses].sort((a, b) => a - b));
    expect(pauses.reduce((sum, one) => sum + one, 0)).toBeGreaterThan(15 * 3_600_000);
  });

  it.each([
    ['https://example.org/hook?a=1', null],
    ['ftp://example.org/', 'expected http or https, found ftp:'],
    ['nonsense', 'expected an http or https url'],
    ['https://user:secret@example.org/', 'expected a url without user name and password'],
    ['https://example.org/#x', 'expected a url without a fragment'],
    ['https://example.org/\u0000', 'expected a url without spaces and control characters'],
    ['https://exam\nple.org/', 'expected a url without spaces and control characters'],
    [' https://example.org/', 'expected a url without spaces and control characters'],
  ])('to %s: %s', (url, problem) => expect(webhookUrlProblem(url)).toBe(problem));
});
