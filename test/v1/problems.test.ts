import { gzipSync } from 'node:zlib';
import { Check } from 'typebox/value';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Fault } from '../../src/faults.ts';
import { PROBLEM_KINDS, type ProblemCode } from '../../src/wire/v1/problem-catalogue.ts';
import { problemSchema } from '../../src/wire/v1/schemas.ts';
import { judgementOf } from '../contract/support/judge.ts';
import { exchange } from '../contract/support/raw.ts';
import { appid, startV1Test, type V1Test } from './support.ts';

let test: V1Test;
const picture = 'a picture';

beforeAll(async () => {
  test = await startV1Test({
    settings: { cors: { origins: ['https://app.example.org'] } },
    downloader: {
      async download() {
        throw new Fault(
          'download_refused',
          'private_address',
          'intranet.example is at 10.0.0.1, which is not allowed',
        );
      },
    },
  });
});
afterAll(() => test.stop());
beforeEach(async () => {
  test.judge.full = null;
  test.judge.answer = () => judgementOf();
  await test.store.accounts.setAppState(appid, 'active');
});

const send = (headers: Record<string, string> = {}, body: RequestInit['body'] = picture) =>
  test.post('/v1/liveness', { headers: { 'content-type': 'image/png', ...headers }, body });
const json = (text: string) => send({ 'content-type': 'application/json' }, text);

async function expectProblem(response: Response, code: ProblemCode): Promise<Record<string, unknown>> {
  const problem = (await response.json()) as Record<string, unknown>;
  expect([problem.code, response.status]).toEqual([code, PROBLEM_KINDS[code].status]);
  expect(response.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  expect(Check(problemSchema, problem)).toBe(true);
  expect(problem).toMatchObject({
    type: `/v1/reference#problem-${code.replaceAll('_', '-')}`,
    status: response.status,
    requestId: response.headers.get('x-request-id'),
  });
  return problem;
}

describe('an API key', () => {
  const withKey = (authorization: string) => send({ authorization });
  it.each([
    ['missing', '', 'api_key_missing'],
    ['of another scheme', 'Basic abc', 'api_key_missing'],
    ['of the wrong form', 'Bearer lsk_short', 'api_key_invalid'],
    ['unknown', `Bearer lsk_${'A'.repeat(44)}`, 'api_key_invalid'],
  ] as const)('%s is refused with a challenge', async (_name, authorization, code) => {
    const response = await withKey(authorization);
    await expectProblem(response, code);
    expect(response.headers.get('www-authenticate')).toMatch(/^Bearer realm="livestill"/);
  });

  it('with one letter changed is unknown', async () => {
    const last = test.apiKey.endsWith('A') ? 'B' : 'A';
    await expectProblem(await withKey(`Bearer ${test.apiKey.slice(0, -1)}${last}`), 'api_key_invalid');
  });

  it('counts until it is disabled', async () => {
    const key = await test.key();
    expect((await withKey(`Bearer ${key}`)).status).toBe(200);
    await test.store.apiKeys.setApiKeyEnabled(key.slice(0, 16), false);
    await expectProblem(await withKey(`Bearer ${key}`), 'api_key_disabled');
  });

  it('counts until it ends', async () => {
    const key = await test.key({ expiresAt: new Date(Date.now() + 60_000) });
    expect((await withKey(`Bearer ${key}`)).status).toBe(200);
    test.time.ahead = 61_000;
    await expectProblem(await withKey(`Bearer ${key}`), 'api_key_expired');
    test.time.ahead = 0;
  });

  it('counts from its networks alone', async () => {
    expect((await withKey(`Bearer ${await test.key({ networks: ['127.0.0.0/8'] })}`)).status).toBe(200);
    const response = await withKey(`Bearer ${await test.key({ networks: ['10.0.0.0/8', '::1'] })}`);
    await expectProblem(response, 'address_not_allowed');
  });

  it('counts for its scopes alone', async () => {
    const key = await test.key({ scopes: ['read:operating-points'] });
    await expectProblem(await withKey(`Bearer ${key}`), 'scope_missing');
    const points = { headers: { authorization: `Bearer ${key}` } };
    expect((await fetch(`${test.url}/v1/operating-points`, points)).status).toBe(200);
  });

  it.each([
    ['suspended', 'app_suspended'],
    ['closed', 'app_closed'],
  ] as const)('of an app that is %s is refused', async (state, code) => {
    const other = state === 'suspended' ? '1000002' : '1000003';
    await test.store.accounts.createApp(
      { appid: other, name: state },
      { secretId: `AKID${other}`, secretKey: 'k'.repeat(32) },
    );
    const key = await test.key({}, other);
    await test.store.accounts.setAppState(other, state);
    await expectProblem(await withKey(`Bearer ${key}`), code);
  });

  it('is noted as used', async () => {
    const key = await test.key();
    await send({ authorization: `Bearer ${key}` });
    await expect
      .poll(async () => (await test.store.apiKeys.findApiKey(key.slice(0, 16)))?.key.lastUsedAt, {
        timeout: 15_000,
        interval: 200,
      })
      .toBeInstanceOf(Date);
  });
});

describe('a request that cannot be served', () => {
  it.each([
    ['picture_missing', () => send({}, '')],
    ['picture_missing', () => json('{}')],
    ['picture_missing', () => json('{"image":" "}')],
    ['invalid_request', () => json('{"image":')],
    ['invalid_request', () => json('[]')],
    ['invalid_request', () => json('{"image":7}')],
    ['invalid_request', () => json('{"image":"***"}')],
    ['invalid_request', () => json('{"picture":"AAAA"}')],
    ['invalid_request', () => json('{"image":"AAAA","url":"http://a.example/b"}')],
    ['invalid_request', () => json('{"url":"file:///etc/passwd"}')],
    ['invalid_request', () => send({ 'content-type': 'multipart/form-data; boundary=x' }, 'no parts')],
    ['download_failed', () => json('{"url":"http://intranet.example/a"}')],
    ['unsupported_media_type', () => send({ 'content-type': 'text/plain' })],
    ['unsupported_media_type', () => send({ 'content-type': 'multipart/form-data' })],
    ['unsupported_media_type', () => send({ 'content-encoding': 'gzip' }, gzipSync('x'))],
    ['unsupported_media_type', () => send({ 'content-encoding': 'identity, utf-8' }, 'x')],
    ['idempotency_key_invalid', () => send({ 'idempotency-key': 'k'.repeat(256) })],
    ['body_too_large', () => send({}, Buffer.alloc(6 * 1024 * 1024 + 1))],
    ['not_found', () => test.post('/v1/nothing')],
    ['not_found', () => test.post('/v1')],
    ['not_found', () => test.post('/v1/%zz')],
    ['method_not_allowed', () => fetch(`${test.url}/v1/liveness`)],
    ['method_not_allowed', () => test.post('/v1/openapi.json')],
  ] as const)('answers %s (%#)', async (code, act) => {
    await expectProblem(await act(), code);
  });

  it('names the one coding that is taken, and takes a body that says it has none', async () => {
    const refused = await send({ 'content-encoding': 'gzip' }, gzipSync('x'));
    expect([refused.status, refused.headers.get('accept-encoding')]).toEqual([415, 'identity']);
    expect(await refused.json()).toMatchObject({
      reason: 'content_encoding',
      detail: expect.stringContaining('gzip'),
    });
    expect((await send({ 'content-encoding': 'identity' }, 'picture')).status).toBe(200);
  });

  it('never tells what lies behind a url', async () => {
    const problem = await expectProblem(await json('{"url":"http://intranet.example/a"}'), 'download_failed');
    expect(problem.reason).toBe('private_address');
    expect(JSON.stringify(problem)).not.toContain('10.0.0.1');
  });

  it('never tells what failed inside', async () => {
    test.judge.answer = () => {
      throw new Error('secret path /var/lib/x');
    };
    const problem = await expectProblem(await send(), 'internal_error');
    expect(JSON.stringify(problem)).not.toContain('/var/lib');
  });

  it('says why a picture cannot be read', async () => {
    test.judge.answer = () => {
      throw new Fault('picture_unreadable', 'animated', 'the picture is animated; send one still photo');
    };
    const problem = await expectProblem(await send(), 'picture_unreadable');
    expect([problem.reason, problem.retryable]).toEqual(['animated', false]);
  });

  it('is asked to wait when there is no room, before its body is read', async () => {
    test.judge.full = new Fault('busy', 'queue_full', 'full', { retryAfter: 7 });
    const response = await send();
    await expectProblem(response, 'overloaded');
    expect(response.headers.get('retry-after')).toBe('7');
  });

  it('is asked to wait when a limit of the app is reached', async () => {
    await test.store.accounts.setLimits(appid, { daily: 1 });
    await send();
    const response = await send();
    expect((await expectProblem(response, 'rate_limited')).reason).toBe('daily');
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
    await test.store.accounts.setLimits(appid, { daily: null });
  });

  it('is answered in Chinese where asked', async () => {
    const problem = await expectProblem(
      await send({ authorization: '', 'accept-language': 'zh' }),
      'api_key_missing',
    );
    expect(problem.title).toBe('缺少 API 密钥');
  });
});

describe('faults of the transport', () => {
  const bare = (...lines: string[]) => exchange(test.port, `${lines.join('\r\n')}\r\n\r\n`);
  it.each([
    ['no Host', ['POST /v1/liveness HTTP/1.1'], 'malformed_request'],
    ['a wrong Expect', ['POST /v1/liveness HTTP/1.1', 'Host: a', 'Expect: tea'], 'expectation_failed'],
    ['an absolute target', ['GET http://a/v1/nothing HTTP/1.1', 'Host: a'], 'not_found'],
  ] as const)('are problems on v1 paths: %s', async (_name, lines, code) => {
    const answer = await bare(...lines);
    expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect([answer.status, (answer.json as unknown as { code: string }).code]).toEqual([
      PROBLEM_KINDS[code].status,
      code,
    ]);
  });

  it('are problems when the body breaks', async () => {
    const answer = await exchange(
      test.port,
      `POST /v1/liveness HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${test.apiKey}\r\nTransfer-Encoding: chunked\r\n\r\n`,
      'zz\r\n',
    );
    expect((answer.json as unknown as { code: string }).code).toBe('malformed_request');
  });

  it.each([['/'], ['/v2/liveness'], ['/face/other'], ['/v1x']])(
    'keep the old envelope on %s',
    async (path) => {
      const response = await test.post(path);
      expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
      expect(Object.keys((await response.json()) as object)).toEqual(['code', 'message', 'data']);
    },
  );
});

describe('calls from web pages', () => {
  const ask = (origin: string) =>
    fetch(`${test.url}/v1/liveness`, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST' },
    });

  it('are let through for configured origins', async () => {
    const response = await ask('https://app.example.org');
    expect(response.status).toBe(200);
    expect(response.headers.get('access-control-allow-origin')).toBe('https://app.example.org');
    expect(response.headers.get('access-control-allow-headers')).toContain('idempotency-key');
  });

  it('are refused for others', async () => {
    const response = await ask('https://evil.example');
    await expectProblem(response, 'method_not_allowed');
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
  });
});
