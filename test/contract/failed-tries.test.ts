import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFailedTries } from '../../src/wire/http/failed-tries.ts';
import { startV1Test } from '../v1/support.ts';
import { appid, pairOf, secretId, signature } from './support/accounts.ts';
import { exchange, open, post, type RawAnswer } from './support/raw.ts';
import { startTestServer, type TestServer, type TestServerOptions } from './support/server.ts';

const body = `{"appid":"${appid}","image":"${Buffer.from('a picture').toString('base64')}"}`;
const json = 'Content-Type: application/json';
const signed = (content = body, ...headers: string[]) =>
  post([json, `Authorization: ${signature()}`, ...headers], content);
const forged = signature().replace(/^.{8}/, 'AAAAAAAA');
const most = 5;

/** The clock stands still, so that nothing is let through again. */
const failedTries = () => createFailedTries({ perMinute: most, clock: () => 0 });

describe('the old endpoint', () => {
  let test: TestServer;
  const start = async (options: TestServerOptions = {}) => {
    test = await startTestServer({ failedTries: failedTries(), ...options });
  };
  beforeEach(() => start());
  afterEach(() => test.stop());
  const codes = async (...requests: Parameters<typeof exchange>[1][]) => {
    const answers: RawAnswer[] = [];
    for (const request of requests) answers.push(await exchange(test.port, request));
    return answers.map(({ json: { code } }) => code);
  };
  const failAll = () => codes(...Array.from({ length: most }, () => post([json], body)));

  it.each([
    ['no signature', post([json], body), 4],
    ['a signature that is none', post([json, 'Authorization: AAAA'], body), 5],
    ['a forged signature', post([json, `Authorization: ${forged}`], body), 14],
    ['a body that does not parse', post([json], '{'), 3],
    ['a path that does not exist', 'GET /admin.php HTTP/1.1\r\nHost: a\r\n\r\n', 3],
    ['another method', 'GET /face/livedetectpicture HTTP/1.1\r\nHost: a\r\n\r\n', 3],
  ])(
    'answers %s by its own code, and from so many on with 15, 429 and Retry-After',
    async (_what, request, code) => {
      expect(await codes(...Array.from({ length: most + 1 }, () => request))).toEqual([
        ...Array.from({ length: most }, () => code),
        15,
      ]);
      const answer = await exchange(test.port, request);
      expect([answer.status, answer.json.message]).toEqual([429, 'request too frequent']);
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    },
  );

  it('judges for valid keys from the same address all the same, and answers their mistakes', async () => {
    await failAll();
    expect(await codes(post([json], body), signed(), signed('{'), signed('{}'))).toEqual([15, 0, 3, 3]);
    expect(await codes(signed(body.replace(appid, '1000002')), signed())).toEqual([6, 0]);
  });

  it('counts nothing of a valid key whose time or account is at fault', async () => {
    const late = post([json, `Authorization: ${signature({ e: '1', t: '0' })}`], body);
    expect(await codes(...Array.from({ length: most + 2 }, () => late))).not.toContain(15);
  });

  it('refuses before the body is there', async () => {
    await failAll();
    const caller = open(test.port);
    caller.write(
      `POST /face/livedetectpicture HTTP/1.1\r\nHost: a\r\n${json}\r\nContent-Length: 6000000\r\n\r\n`,
    );
    expect((await caller.next()).status).toBe(429);
    expect(test.bodies.held).toBe(0);
    caller.destroy();
  });

  it('refuses a disabled key like none', async () => {
    await test.stop();
    await start({ pairs: [pairOf(secretId, appid, { enabled: false })] });
    await failAll();
    expect(await codes(signed())).toEqual([15]);
  });

  it('counts by the real caller behind a trusted proxy', async () => {
    await test.stop();
    await start({ settings: { trustedProxies: ['127.0.0.1'] } });
    const from = (address: string) => post([json, `X-Forwarded-For: ${address}`], body);
    await codes(...Array.from({ length: most }, () => from('203.0.113.7:1234')));
    expect(await codes(from('203.0.113.7'), from('203.0.113.8'), from('unknown'))).toEqual([15, 4, 4]);
  });

  it('lets a signature in the body pass, where that is allowed', async () => {
    await test.stop();
    await start({ signature: { bodySign: true } });
    await failAll();
    const inBody = (sign: string) => post([json], JSON.stringify({ ...JSON.parse(body), sign }));
    expect(await codes(inBody(signature()), inBody(forged))).toEqual([0, 15]);
  });
});

describe('v1', () => {
  it('answers keys that are missing or unknown, and paths that do not exist, with 429 from so many on', async () => {
    const test = await startV1Test({ failedTries: failedTries() });
    try {
      const ask = async (authorization: string, path = '/v1/liveness') => {
        const answer = await test.post(path, {
          headers: { authorization, 'content-type': 'image/png' },
          body: 'x',
        });
        return [answer.status, ((await answer.json()) as { code?: string; reason?: string }).code];
      };
      const unknown = `Bearer lsk_${'x'.repeat(44)}`;
      const valid = `Bearer ${test.apiKey}`;
      expect([await ask(''), await ask(unknown), await ask(valid, '/v1/nothing')]).toEqual([
        [401, 'api_key_missing'],
        [401, 'api_key_invalid'],
        [404, 'not_found'],
      ]);
      for (let at = 3; at < most; at++) await ask(unknown);
      for (const over of [await ask(''), await ask(unknown), await ask('', '/v1/nothing')]) {
        expect(over).toEqual([429, 'rate_limited']);
      }
      expect((await ask(valid))[0]).toBe(200);
    } finally {
      await test.stop();
    }
  });
});
