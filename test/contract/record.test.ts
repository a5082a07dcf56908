import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Fault } from '../../src/faults.ts';
import { captureVersion } from '../../src/liveness/quality/capture.ts';
import { DEFAULT_RULES } from '../../src/policy/policy.ts';
import { appid, secretId, secretKey, signature } from './support/accounts.ts';
import { judgementOf, noFace } from './support/judge.ts';
import { exchange, post } from './support/raw.ts';
import { startTestServer, type TestServer } from './support/server.ts';

let test: TestServer;
const picture = Buffer.from('the bytes of a picture, wherever they came from');

beforeAll(async () => {
  test = await startTestServer({
    downloader: {
      async download(url) {
        if (url.pathname === '/gone')
          throw new Fault('download_refused', 'http_404', 'the server answered 404');
        return Uint8Array.from(picture);
      },
    },
  });
});
afterAll(() => test.stop());
beforeEach(() => {
  test.ledger.rows.length = 0;
  test.lines.length = 0;
  test.judge.answer = () => judgementOf();
});

const send = (content: Record<string, unknown>, sign = signature()) =>
  exchange(
    test.port,
    post(
      ['Content-Type: application/json', `Authorization: ${sign}`, 'X-Request-Id: r-1'],
      JSON.stringify({ appid, ...content }),
    ),
  );
const image = picture.toString('base64');
const pictureSha256 = createHash('sha256').update(picture).digest('hex');
const known = {
  requestId: 'r-1',
  appid,
  secretId,
  pictureBytes: picture.length,
  pictureSha256,
  callerAddress: '127.0.0.1',
};
const models = { 'test-model': 'a'.repeat(64) };

describe('the ledger row of a judged request', () => {
  it('holds who, what, when, from where and what came of it', async () => {
    const reasons = [{ code: 'FACE_SMALL', severity: 'warning' as const, text: 't', advice: 'a' }];
    test.judge.answer = () => judgementOf({ verdict: 'poor_quality', rawScore: 97, reasons });
    await send({ image });
    const [row] = test.ledger.rows;
    expect(row).toMatchObject({
      ...known,
      source: 'bytes',
      code: 0,
      verdict: 'poor_quality',
      score: 60,
      rawScore: 97,
      reasons: ['FACE_SMALL'],
      models,
    });
    expect(Math.abs(Number(row?.at) - Date.now())).toBeLessThan(60_000);
    expect(row?.milliseconds).toBeGreaterThan(0);
    expect(test.ledger.rows).toHaveLength(1);
  });

  it('names the host of a url and nothing more of it', async () => {
    await send({ url: 'https://user-free.example:8443/secret/path?token=t' });
    expect(test.ledger.rows).toMatchObject([{ ...known, source: 'url:user-free.example:8443' }]);
  });

  it('is written for a picture without a face', async () => {
    test.judge.answer = () => noFace;
    await send({ image });
    expect(test.ledger.rows).toMatchObject([{ ...known, code: -4015, verdict: 'no_face', score: null }]);
  });

  it('is written for a picture that cannot be decoded, with the reason', async () => {
    test.judge.answer = () => {
      throw new Fault('picture_unreadable', 'truncated', 'cut off');
    };
    await send({ image });
    const nothing = { verdict: null, score: null, rawScore: null };
    expect(test.ledger.rows).toMatchObject([
      { ...known, ...nothing, code: -4016, reasons: ['truncated'], models },
    ]);
  });

  it('is on disk before the answer leaves', async () => {
    const { append } = test.ledger;
    let written = false;
    test.ledger.append = async (row) => {
      await new Promise((resolve) => setTimeout(resolve, 100));
      await append(row);
      written = true;
    };
    const answer = await send({ image });
    test.ledger.append = append;
    expect([answer.json.code, written]).toEqual([0, true]);
  });

  it.each([
    ['a refused signature', {}, signature({}, 'another key')],
    ['a missing image', {}, signature()],
  ])('is not written for %s: nothing was judged', async (_name, content, sign) => {
    await send(content, sign);
    expect(test.ledger.rows).toEqual([]);
  });

  it('of a failed download is of a kind of its own, without a fact of a picture', async () => {
    await send({ url: 'http://a.example/gone' });
    expect(test.ledger.rows).toMatchObject([
      {
        kind: 'download_refused',
        appid,
        code: -5805,
        source: 'url:a.example',
        reasons: ['http_404'],
        pictureBytes: 0,
        pictureSha256: '',
        verdict: null,
        models: {},
        explanation: { api: 'legacy', http: 200, policy: null, quality: [] },
      },
    ]);
  });

  it('holds why: API, version, profile, threshold, policy, probability, faces and the values that decided', async () => {
    const none = { min: null, max: null };
    const blur = { name: 'Sharpness', value: 12, unit: 'variance', passed: false } as const;
    const quality = [
      { ...blur, limit: { min: 40, max: null }, advised: { min: null, max: null } },
      { ...blur, name: 'Yaw', passed: true, limit: { min: -30, max: 30 }, advised: { min: null, max: null } },
      { ...blur, name: 'FaceWidth', value: 180.6049, passed: true, limit: none, advised: none },
    ];
    const [model] = judgementOf().models;
    const models = [{ ...model!, cardSha256: 'c'.repeat(64) }];
    test.judge.answer = () =>
      judgementOf({ verdict: 'attack', rawScore: 80, threshold: 92, quality, models });
    await send({ image });
    expect(test.ledger.rows[0]?.explanation).toEqual({
      api: 'legacy',
      http: 200,
      version: '0.0.0',
      profile: 'careful',
      threshold: 92,
      policy: {
        hash: expect.stringMatching(/^[0-9a-f]{64}$/),
        content: {
          capture: captureVersion('lenient'),
          profile: 'careful',
          threshold: 92,
          review: null,
          rules: DEFAULT_RULES,
        },
      },
      liveProbability: 0.9,
      review: false,
      faceCount: 1,
      quality: [{ name: 'Sharpness', value: 12, unit: 'variance', min: 40, max: null }],
      measured: { FaceWidth: 180.6 },
      cards: { 'test-model': 'c'.repeat(64) },
      reference: null,
    });
  });
});

describe('the log line of a request', () => {
  it('of a judged one has fixed names', async () => {
    await send({ image });
    expect(test.lines).toMatchObject([
      {
        level: 30,
        event: 'decision',
        ...known,
        claimedAppid: appid,
        singleUse: false,
        source: 'bytes',
        code: 0,
        http: 200,
        verdict: 'live',
        score: 93,
        rawScore: 93,
        threshold: 87,
        profile: 'careful',
        reasons: [],
        msg: 'OK',
      },
    ]);
  });

  it('of a refused one says precisely why', async () => {
    await send({ url: 'http://a.example/gone' });
    expect(test.lines).toMatchObject([
      { event: 'decision', code: -5805, reason: 'http_404', detail: 'the server answered 404' },
    ]);
  });

  it('of our own failure holds the error, which the answer does not', async () => {
    test.judge.answer = () => {
      throw new TypeError('the cause of it');
    };
    const answer = await send({ image });
    expect(answer.body).toBe('{"code":213,"message":"internal error","data":{}}');
    expect(test.lines).toMatchObject([{ level: 50, code: 213, err: { message: 'the cause of it' } }]);
  });

  it('never holds picture, signature or key', async () => {
    const sign = signature();
    await send({ image }, sign);
    await send({ image, sign });
    await send({ image }, `${sign}AAAA`);
    await send({ image: '!!!' }, sign);
    await send({ url: 'http://a.example/gone?token=t' }, sign);
    const log = JSON.stringify(test.lines);
    for (const secret of [image, image.slice(0, 20), sign, sign.slice(0, 20), secretKey, 'token']) {
      expect(log).not.toContain(secret);
    }
    expect(test.lines).toHaveLength(5);
  });
});
