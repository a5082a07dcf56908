import { createHash } from 'node:crypto';
import { Check } from 'typebox/value';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Fault } from '../../src/faults.ts';
import { captureVersion } from '../../src/liveness/quality/capture.ts';
import { reason } from '../../src/liveness/reasons.ts';
import type { Judgement } from '../../src/liveness/types.ts';
import { type LivenessBody, livenessSchema } from '../../src/wire/v1/schemas.ts';
import { judgementOf, noFace } from '../contract/support/judge.ts';
import { appid, startV1Test, type V1Test } from './support.ts';

let test: V1Test;
const picture = Buffer.from('the bytes of a picture, wherever they came from');
const sha256 = createHash('sha256').update(picture).digest('hex');
const point = { x: 1, y: 2 };
const face: Judgement['face'] = {
  box: { left: 100, top: 120, right: 260, bottom: 340 },
  keyPoints: { eyeLeft: point, eyeRight: point, nose: point, mouth: point, earLeft: point, earRight: point },
  detectorScore: 0.9,
  detectorIoU: 0.8,
};
const quality: Judgement['quality'] = [
  {
    name: 'Sharpness',
    value: 40,
    unit: 'variance of the Laplacian',
    limit: { min: 6, max: null },
    advised: { min: 16, max: null },
    passed: true,
  },
];
const withFace = (change: Parameters<typeof judgementOf>[0] = {}) =>
  judgementOf({ face, quality, ...change });
const blurred = withFace({ verdict: 'poor_quality', rawScore: 97, reasons: [reason('BLURRED')] });

beforeAll(async () => {
  test = await startV1Test({
    downloader: {
      async download(url) {
        if (url.pathname === '/private')
          throw new Fault('download_refused', 'private_address', '10.0.0.1 is private');
        return Uint8Array.from(picture);
      },
    },
  });
});
afterAll(() => test.stop());
beforeEach(async () => {
  test.judge.answer = () => withFace();
  test.judge.full = null;
  test.ledger.fail = null;
  test.judge.pictures.length = 0;
  await test.store.ledger.prune(new Date(Date.now() + 1e6));
  await test.store.rules.setRules(appid, {
    severalFaces: 'largest',
    minFaceWidth: null,
    rejectOn: null,
    poorQuality: 'verdict',
  });
  await test.store.accounts.setPolicy(appid, {
    threshold: null,
    profile: null,
    capture: null,
    review: null,
  });
});

const raw = (headers: Record<string, string> = {}, body: RequestInit['body'] = picture) =>
  test.post('/v1/liveness', { headers: { 'content-type': 'image/jpeg', ...headers }, body });
const json = (content: unknown) =>
  test.post('/v1/liveness', {
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(content),
  });
const answered = async (response: Response): Promise<LivenessBody> => {
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
  const body: unknown = await response.json();
  expect(Check(livenessSchema, body)).toBe(true);
  return body as LivenessBody;
};

describe('the answer to a judged picture', () => {
  it('has the documented members and no others', async () => {
    const response = await raw({ 'x-request-id': 'mine-1' });
    const body = await answered(response);
    expect(body).toEqual({
      requestId: 'mine-1',
      profile: 'careful',
      capturePreset: 'lenient',
      verdict: 'live',
      score: 93,
      review: false,
      reviewLimits: null,
      rawScore: 93,
      threshold: 87,
      liveProbability: 0.9,
      classProbabilities: { live: 0.9, print: 0.05, replay: 0.05 },
      faceBox: face?.box,
      keyPoints: face?.keyPoints,
      faceCount: 1,
      rotation: 0,
      quality: [
        {
          name: 'Sharpness',
          value: 40,
          unit: 'variance of the Laplacian',
          min: 6,
          max: null,
          passed: true,
          advisedMin: 16,
          advisedMax: null,
        },
      ],
      reasons: [],
      models: [{ name: 'test-model', role: 'classifier', sha256: 'a'.repeat(64) }],
      timings: { total: 1 },
    });
    expect(response.headers.get('x-request-id')).toBe('mine-1');
  });

  it('speaks of the score as judged and of the quarter turns in degrees', async () => {
    test.judge.answer = () =>
      withFace({ verdict: 'attack', rawScore: 12, quarterTurns: 3, reasons: [reason('PICTURE_TURNED')] });
    const body = await answered(await raw());
    expect([body.verdict, body.score, body.rotation]).toEqual(['attack', 12, 270]);
    expect(body.reasons.map((one) => [one.code, one.severity])).toEqual([
      ['ATTACK_SUSPECTED', 'error'],
      ['PICTURE_TURNED', 'info'],
    ]);
  });

  it.each([
    ['zh', /确定/],
    ['en', /not convincing enough/],
  ])('between the limits is for review, and speaks of no attack: %s', async (language, text) => {
    const doubtful = {
      rawScore: 70,
      liveProbability: 0.5,
      reviewLimits: { low: 0.3, high: 0.7 },
      review: true,
    };
    const row = async () => (await test.store.ledger.latest({}, 1))[0];
    test.judge.answer = () => withFace({ ...doubtful, verdict: 'attack', reasons: [reason('UNCERTAIN')] });
    const refused = await answered(await raw({ 'accept-language': language }));
    expect([refused.verdict, refused.score, refused.review]).toEqual(['attack', 70, true]);
    expect(refused.reasons).toMatchObject([
      { code: 'UNCERTAIN', severity: 'error', text: expect.stringMatching(text) },
    ]);
    expect(await row()).toMatchObject({ reasons: ['UNCERTAIN'], explanation: { review: true } });
    test.judge.answer = () =>
      withFace({ ...doubtful, threshold: 60, reasons: [{ ...reason('UNCERTAIN'), severity: 'warning' }] });
    const accepted = await answered(await raw({ 'accept-language': language }));
    expect([accepted.verdict, accepted.review, accepted.reasons[0]?.severity]).toEqual([
      'live',
      true,
      'warning',
    ]);
  });

  it.each([
    ['poor quality', blurred, 'poor_quality'],
    ['no face', noFace, 'no_face'],
  ] as const)('gives nothing that could be read as a score: %s', async (_name, judgement, verdict) => {
    test.judge.answer = () => judgement;
    const body = await answered(await raw());
    expect(body.verdict).toBe(verdict);
    expect([body.score, body.liveProbability, body.classProbabilities]).toEqual([null, null, {}]);
    expect(body.rawScore).toBe(judgement.rawScore);
  });

  it.each([
    [undefined, 'en', 'The face is blurred.'],
    ['de, en;q=0.5', 'en', 'The face is blurred.'],
    ['zh-CN,zh;q=0.9,en;q=0.8', 'zh-CN', '面部模糊。'],
    ['en;q=0.3, zh-Hant;q=0.7', 'zh-CN', '面部模糊。'],
  ])('speaks the language of Accept-Language %j', async (header, language, text) => {
    test.judge.answer = () => blurred;
    const response = await raw(header === undefined ? {} : { 'accept-language': header });
    expect(response.headers.get('content-language')).toBe(language);
    expect(response.headers.get('vary')).toContain('accept-language');
    expect((await answered(response)).reasons[0]?.text).toBe(text);
  });
});

describe('a picture', () => {
  const form = (name: string, value: Blob | string) => {
    const data = new FormData();
    data.append(name, value as Blob, ...((value instanceof Blob ? ['selfie.jpg'] : []) as []));
    return data;
  };
  it.each([
    ['as the body', () => raw()],
    ['as the body without a type', () => raw({ 'content-type': 'application/octet-stream' })],
    ['as the part image', () => test.post('/v1/liveness', { body: form('image', new Blob([picture])) })],
    ['as base64', () => json({ image: picture.toString('base64') })],
    ['as a data url', () => json({ image: `data:image/jpeg;base64,${picture.toString('base64')}` })],
    ['as url in JSON', () => json({ url: 'https://example.org/a.jpg' })],
    ['as url in a form', () => test.post('/v1/liveness', { body: form('url', 'https://example.org/a.jpg') })],
  ])('is taken %s', async (_name, send) => {
    await answered(await send());
    expect(test.judge.pictures).toEqual([picture]);
  });
});

describe('the ledger', () => {
  it('holds the row of a judged picture before its answer leaves', async () => {
    test.judge.answer = () => blurred;
    await answered(await raw({ 'x-request-id': 'r-7' }));
    const [row] = await test.store.ledger.latest({ requestId: 'r-7' }, 1);
    expect(row).toMatchObject({
      appid,
      secretId: test.apiKey.slice(0, 16),
      source: 'bytes',
      pictureBytes: picture.length,
      pictureSha256: sha256,
      code: 0,
      verdict: 'poor_quality',
      score: null,
      rawScore: 97,
      reasons: ['BLURRED'],
      callerAddress: '127.0.0.1',
    });
  });

  it('answers store_unavailable in place of a judgement that it cannot keep', async () => {
    test.ledger.fail = new Fault('state_unavailable', 'store_full', 'the disk is full');
    const response = await raw();
    const problem = (await response.json()) as Record<string, unknown>;
    expect([response.status, problem.code]).toEqual([503, 'store_unavailable']);
    expect(response.headers.get('retry-after')).toBe('1');
    expect(JSON.stringify(problem)).not.toContain('disk');
  });

  it('holds pictures that cannot be decoded', async () => {
    test.judge.answer = () => {
      throw new Fault('picture_unreadable', 'truncated', 'the jpeg is cut off');
    };
    expect((await raw({ 'x-request-id': 'r-8' })).status).toBe(422);
    const [row] = await test.store.ledger.latest({ requestId: 'r-8' }, 1);
    expect(row).toMatchObject({ code: -4016, verdict: null, rawScore: null, reasons: ['truncated'] });
  });

  it('leaves one line in the log, without picture or key', async () => {
    test.lines.length = 0;
    await answered(await raw());
    expect(test.lines).toHaveLength(1);
    expect(test.lines[0]).toMatchObject({ event: 'decision', api: 'v1', appid, verdict: 'live', score: 93 });
    expect(JSON.stringify(test.lines)).not.toContain(test.apiKey.slice(16));
  });
});

describe("an app's policy", () => {
  it('sets the threshold and the profile that the judge works with', async () => {
    await test.store.accounts.setPolicy(appid, { threshold: 92, profile: 'fast' });
    await answered(await raw());
    expect(test.judge.options.at(-1)).toMatchObject({ threshold: 92, profile: 'fast' });
  });

  it('sets the limits of review that the judge works with; the answer and the record name them', async () => {
    await answered(await raw());
    expect(test.judge.options.at(-1)).not.toHaveProperty('review');
    const own = { low: 0.2, high: 0.95 };
    await test.store.accounts.setPolicy(appid, { review: own });
    test.judge.answer = (_, { review }) => withFace({ reviewLimits: review ?? null, liveProbability: 0.9 });
    const body = await answered(await raw());
    expect(test.judge.options.at(-1)).toMatchObject({ review: own });
    expect(body).toMatchObject({ verdict: 'live', review: true, reviewLimits: own });
    expect(body.reasons).toMatchObject([{ code: 'UNCERTAIN', severity: 'warning' }]);
    const [row] = await test.store.ledger.latest({}, 1);
    expect(row?.explanation).toMatchObject({ review: true, policy: { content: { review: own } } });
  });

  it('sets the capture preset that the judge works with; the answer and the record name it', async () => {
    await answered(await raw());
    expect(test.judge.options.at(-1)).not.toHaveProperty('capture');
    await test.store.accounts.setPolicy(appid, { capture: 'strict' });
    const limit = { limit: { min: 224, max: null }, advised: { min: 80, max: null } };
    const width = { name: 'FaceWidth', value: 160, unit: 'px', passed: false, ...limit };
    test.judge.answer = (_, { capture }) =>
      withFace({
        verdict: 'poor_quality',
        quality: [width],
        reasons: [reason('FACE_TOO_SMALL', 224), reason('HEAD_TURNED_FAR', 20)],
        ...(capture === undefined ? {} : { capture }),
      });
    const body = await answered(await raw({ 'accept-language': 'zh' }));
    expect(body).toMatchObject({ verdict: 'poor_quality', score: null, capturePreset: 'strict' });
    expect(body.quality[0]).toMatchObject({ min: 224, passed: false });
    expect(body.reasons.map(({ text }) => text)).toEqual([
      '人脸宽度不足 224 像素。',
      '头部向一侧转动超过 20 度。',
    ]);
    const [row] = await test.store.ledger.latest({}, 1);
    expect(row?.explanation).toMatchObject({
      measured: { FaceWidth: 160 },
      policy: { content: { capture: captureVersion('strict') } },
    });
  });

  it('names the wider of two limits of the face: its own, and that of the preset', async () => {
    test.judge.answer = () => withFace({ verdict: 'poor_quality', reasons: [reason('FACE_TOO_SMALL', 224)] });
    for (const [minFaceWidth, text] of [
      [null, 'The face is less than 224 pixels wide.'],
      [200, 'The face is less than 224 pixels wide.'],
      [300, 'The face is less than 300 pixels wide.'],
    ] as const) {
      await test.store.rules.setRules(appid, { minFaceWidth });
      expect((await answered(await raw())).reasons[0]?.text).toBe(text);
    }
  });

  it('rejects several faces where it says so, as poor quality and never as an attack', async () => {
    test.judge.answer = () => withFace({ rawScore: 3, faceCount: 2, reasons: [reason('SEVERAL_FACES')] });
    expect((await answered(await raw())).verdict).toBe('attack');
    await test.store.rules.setRules(appid, { severalFaces: 'reject' });
    const body = await answered(await raw());
    expect([body.verdict, body.reasons[0]?.code, body.reasons[0]?.severity]).toEqual([
      'poor_quality',
      'SEVERAL_FACES',
      'error',
    ]);
  });

  it('finds faces under its minimum width unfit, and names the number', async () => {
    await test.store.rules.setRules(appid, { minFaceWidth: 161, poorQuality: 'warning' });
    const body = await answered(await raw());
    expect([body.verdict, body.reasons[0]?.text]).toEqual([
      'poor_quality',
      'The face is less than 161 pixels wide.',
    ]);
    await test.store.rules.setRules(appid, { minFaceWidth: 160 });
    expect((await answered(await raw())).verdict).toBe('live');
  });

  it.each([
    [null, 48, true],
    [30, 48, true],
    [160, 160, true],
    [161, 161, false],
  ])('with %s for its minimum width tells the limit of the face as %s', async (minFaceWidth, min, passed) => {
    const limits = { limit: { min: 48, max: null }, advised: { min: 80, max: null } };
    const width = { name: 'FaceWidth', value: 160, unit: 'px', passed: true, ...limits };
    test.judge.answer = () => withFace({ quality: [width] });
    await test.store.rules.setRules(appid, { minFaceWidth });
    expect((await answered(await raw())).quality).toEqual([
      { name: 'FaceWidth', value: 160, unit: 'px', min, max: null, passed, advisedMin: 80, advisedMax: null },
    ]);
  });

  it('rejects only on the quality failures it names', async () => {
    test.judge.answer = () => blurred;
    await test.store.rules.setRules(appid, { rejectOn: ['TOO_DARK'] });
    const body = await answered(await raw());
    expect([body.verdict, body.score, body.reasons[0]?.severity]).toEqual(['live', 97, 'warning']);
    await test.store.rules.setRules(appid, { rejectOn: ['TOO_DARK', 'BLURRED'] });
    expect((await answered(await raw())).verdict).toBe('poor_quality');
  });

  it('lets the score decide where poor quality is only a warning', async () => {
    test.judge.answer = () => ({ ...blurred, rawScore: 20 });
    await test.store.rules.setRules(appid, { poorQuality: 'warning' });
    const body = await answered(await raw());
    expect([body.verdict, body.score]).toEqual(['attack', 20]);
  });
});

describe('the row of a v1 request', () => {
  const rows = (filter = {}) => test.store.ledger.latest(filter, 10);

  it('carries the reference of the caller, and the policy it was judged under', async () => {
    await test.store.rules.setRules(appid, { minFaceWidth: 90 });
    await answered(await raw({ 'x-reference': 'case-7/2026' }));
    const [row] = await rows({ reference: 'case-7/2026' });
    expect(row?.explanation).toMatchObject({
      api: 'v1',
      http: 200,
      reference: 'case-7/2026',
      policy: { content: { threshold: 87, rules: { minFaceWidth: 90 } } },
    });
  });

  it.each(['', 'two words', 'a'.repeat(129)])(
    'is not written for the reference %j, which is refused',
    async (text) => {
      const response = await raw({ 'x-reference': text });
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ code: 'invalid_request', reason: 'reference' });
    },
  );

  it('of a refused download says where and why', async () => {
    expect((await json({ url: 'http://a.example/private' })).status).toBe(422);
    expect(await rows()).toMatchObject([
      {
        kind: 'download_refused',
        source: 'url:a.example',
        reasons: ['private_address'],
        explanation: { http: 422 },
      },
    ]);
  });

  it('of a refused download that cannot be written leaves the refusal as it is, and an error in the log', async () => {
    test.ledger.fail = new Fault('state_unavailable', 'store_full', 'the disk is full');
    expect((await json({ url: 'http://a.example/private' })).status).toBe(422);
    expect(test.lines.find(({ event }) => event === 'refusal_not_kept')).toBeDefined();
  });
});
