import { createHash } from 'node:crypto';
import { Check } from 'typebox/value';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { LivestillClient } from '../../src/client/index.ts';
import { Fault } from '../../src/faults.ts';
import { reason } from '../../src/liveness/reasons.ts';
import type { Judgement } from '../../src/liveness/types.ts';
import { type TogetherBody, togetherSchema } from '../../src/wire/v1/schemas.ts';
import { judgementOf, noFace } from '../contract/support/judge.ts';
import { appid, startV1Test, type V1Test } from './support.ts';

/* Several stills in one call: `images` or `urls`, as parts of a form or members of JSON. */

const curve = {
  score: [
    [-12, 0],
    [12, 100],
  ],
  probability: { a: 1, b: 0 },
};
const points = (x: number): NonNullable<Judgement['face']>['keyPoints'] => ({
  eyeLeft: { x: x + 40, y: 60 },
  eyeRight: { x: x + 120, y: 60 },
  nose: { x: x + 80, y: 110 },
  mouth: { x: x + 80, y: 160 },
  earLeft: { x, y: 80 },
  earRight: { x: x + 160, y: 80 },
});
/** A judgement of one still: its logit decides its score. */
function still(z: number, x = 100, change: Partial<Judgement> = {}): Judgement {
  const rawScore = Math.floor(((z + 12) / 24) * 100 + 0.5);
  return {
    ...judgementOf({ rawScore, verdict: rawScore > 87 ? 'live' : 'attack', threshold: 87 }),
    width: 600,
    height: 800,
    fusedLogit: z,
    face: {
      box: { left: x, top: 100, right: x + 160, bottom: 320 },
      keyPoints: points(x),
      detectorScore: 0.9,
      detectorIoU: null,
    },
    still: { thumbnail: null, curve },
    ...change,
  };
}

let test: V1Test;
const answers: Judgement[] = [];
beforeAll(async () => {
  test = await startV1Test({
    downloader: {
      async download(url) {
        if (url.pathname === '/private')
          throw new Fault('download_refused', 'private_address', '10.0.0.1 is private');
        return Uint8Array.from(Buffer.from(`the picture at ${url.pathname}`));
      },
    },
  });
});
afterAll(() => test.stop());
beforeEach(async () => {
  test.judge.pictures.length = 0;
  test.judge.answer = () => answers.shift() ?? still(11);
  await test.store.ledger.prune(new Date(Date.now() + 1e6));
});

const pictures = ['first', 'second', 'third'].map((name) => Buffer.from(`the ${name} still`));
const base64 = pictures.map((picture) => picture.toString('base64'));
interface Answer {
  readonly status: number;
  readonly body: string;
  readonly json: unknown;
}

async function call(init: RequestInit): Promise<Answer> {
  const response = await test.post('/v1/liveness', init);
  const body = await response.text();
  return { status: response.status, body, json: JSON.parse(body) };
}

const json = (body: unknown, headers: Record<string, string> = {}) =>
  call({ headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) });

/** A form with these parts. */
function form(...parts: readonly (readonly [name: string, content: string])[]): Promise<Answer> {
  const body = parts.map(
    ([name, content]) => `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${content}\r\n`,
  );
  const headers = { 'content-type': 'multipart/form-data; boundary=b' };
  return call({ headers, body: `${body.join('')}--b--\r\n` });
}

describe('several stills', () => {
  it('are judged each and answered together: the mean of their logits is the score', async () => {
    answers.push(still(11, 100), still(10, 104), still(9, 108));
    const answer = await json({ images: base64 });
    expect(answer.status).toBe(200);
    expect(Check(togetherSchema, answer.json)).toBe(true);
    const body = answer.json as TogetherBody;
    expect(body).toMatchObject({ verdict: 'live', score: 92, review: false, used: [0, 1, 2] });
    expect(body.stills.map(({ score }) => score)).toEqual([96, 92, 88]);
    expect(body.consistency).toMatchObject({ samePosition: true, sameSize: true, identical: [] });
    expect(body.consistency.planarMotion?.explained).toBeGreaterThan(0.99);
    expect(test.judge.pictures.map((picture) => Buffer.from(picture).toString())).toEqual(
      pictures.map(String),
    );
  });

  it.each([
    ['images', 'images'],
    ['images[]', 'images'],
  ])('come as parts %s of a form, in their order', async (name) => {
    const answer = await form([name, 'one'], [name, 'two']);
    expect(answer.json).toMatchObject({ verdict: 'live', used: [0, 1] });
    expect(test.judge.pictures.map((picture) => Buffer.from(picture).toString())).toEqual(['one', 'two']);
  });

  it.each([
    ['members', () => json({ urls: ['https://example.org/a', 'https://example.org/b'] })],
    ['parts', () => form(['urls', 'https://example.org/a'], ['urls[]', 'https://example.org/b'])],
  ])('are fetched where urls stand as %s', async (_how, call) => {
    expect((await call()).json).toMatchObject({ verdict: 'live' });
    expect(test.judge.pictures.map((picture) => Buffer.from(picture).toString())).toEqual([
      'the picture at /a',
      'the picture at /b',
    ]);
  });

  it('leave one row, which names each', async () => {
    answers.push(still(11), still(-5));
    const answer = await json({ images: base64.slice(0, 2) }, { 'x-reference': 'case-1' });
    const [row, ...others] = await test.store.ledger.latest({}, 10);
    expect(others).toEqual([]);
    const hashes = pictures.slice(0, 2).map((one) => createHash('sha256').update(one).digest('hex'));
    expect(row).toMatchObject({
      appid,
      pictureBytes: pictures.slice(0, 2).reduce((sum, one) => sum + one.length, 0),
      pictureSha256: createHash('sha256').update(hashes.join('\n')).digest('hex'),
      verdict: 'attack',
      explanation: {
        reference: 'case-1',
        review: true,
        stills: [
          { sha256: hashes[0], verdict: 'live', rawScore: 96 },
          { sha256: hashes[1], verdict: 'attack', rawScore: 29 },
        ],
      },
    });
    expect((answer.json as TogetherBody).reasons.map(({ code }) => code)).toContain('STILLS_DISAGREE');
  });

  it('unfit ones take no part; with none fit nothing is judged', async () => {
    const blurred = still(11, 100, { verdict: 'poor_quality', score: null, reasons: [reason('BLURRED')] });
    answers.push(still(11), blurred);
    expect((await json({ images: base64.slice(0, 2) })).json).toMatchObject({ verdict: 'live', used: [0] });
    answers.push(blurred, { ...noFace, still: { thumbnail: null, curve } });
    expect((await json({ images: base64.slice(0, 2) })).json).toMatchObject({
      verdict: 'poor_quality',
      score: null,
      rawScore: null,
      used: [],
    });
  });

  it('sent twice are found', async () => {
    const twice = [base64[0], base64[0], base64[1]];
    expect((await json({ images: twice })).json).toMatchObject({ consistency: { identical: [[0, 1]] } });
  });

  it('are answered again under their key, and refused with others', async () => {
    const headers = { 'idempotency-key': 'stills-1' };
    const first = await json({ images: base64 }, headers);
    expect((await json({ images: base64 }, headers)).body).toEqual(first.body);
    expect((await json({ images: base64.toReversed() }, headers)).json).toMatchObject({
      code: 'idempotency_key_reused',
    });
    expect(test.judge.pictures).toHaveLength(3);
  });
});

describe('the client', () => {
  const client = () => new LivestillClient({ baseUrl: test.url, apiKey: test.apiKey });

  it('sends several pictures, or urls, and gives the verdict on all', async () => {
    const sent = await client().judgeTogether([new Blob([pictures[0] as Buffer]), pictures[1] as Buffer]);
    expect(sent).toMatchObject({ verdict: 'live', used: [0, 1] });
    expect(test.judge.pictures.map((picture) => Buffer.from(picture).toString())).toEqual(
      pictures.slice(0, 2).map(String),
    );
    const fetched = await client().judgeTogether(['https://example.org/a', new URL('https://example.org/b')]);
    expect(fetched.stills).toHaveLength(2);
  });

  it('refuses what cannot be sent before it sends anything', async () => {
    const [one = Buffer.alloc(0)] = pictures;
    await expect(client().judgeTogether([one])).rejects.toThrow('Expected two to five stills; found 1');
    await expect(client().judgeTogether([one, 'https://example.org/a'])).rejects.toThrow('found both');
    expect(test.judge.pictures).toEqual([]);
  });
});

describe('what is refused', () => {
  it.each([
    ['one still', { images: base64.slice(0, 1) }, 'Expected 2 to 5 stills in images, found 1.'],
    ['none', { images: [] }, 'Expected 2 to 5 stills in images, found 0.'],
    ['six', { images: Array(6).fill(base64[0]) }, 'images must not have more than 5 items.'],
    ['no array', { images: base64[0] }, 'images must be an array.'],
    ['a number among them', { images: [base64[0], 7] }, 'images/1 must be string.'],
    ['pictures and urls', { images: base64, urls: [] }, 'found several'],
    ['one and several', { image: base64[0], images: base64 }, 'found several'],
    ['no base64', { images: [base64[0], '***'] }, 'still 2: image must be base64 text'],
    ['an empty one', { images: [base64[0], ''] }, 'still 2: '],
    ['a url that is none', { urls: ['https://example.org/a', 'file:///etc/passwd'] }, 'still 2: url must be'],
  ])('as JSON: %s', async (_name, body, detail) => {
    const answer = await json(body);
    expect([answer.status, answer.json]).toMatchObject([400, { detail: expect.stringContaining(detail) }]);
    expect(test.judge.pictures).toEqual([]);
  });

  it.each([
    ['one still', [['images', 'a']], 'Expected 2 to 5 stills in images, found 1.'],
    ['six', Array(6).fill(['images', 'a']), 'Expected 2 to 5 stills in images, found 6.'],
    [
      'both kinds',
      [
        ['images', 'a'],
        ['urls', 'https://example.org/'],
      ],
      'Expected one of images and urls',
    ],
    [
      'one and several',
      [
        ['image', 'a'],
        ['images', 'a'],
        ['images', 'b'],
      ],
      'Expected one picture or images',
    ],
  ] as const)('as a form: %s', async (_name, parts, detail) => {
    const answer = await form(...(parts as readonly (readonly [string, string])[]));
    expect([answer.status, answer.json]).toMatchObject([400, { detail: expect.stringContaining(detail) }]);
  });

  it('a still that cannot be decoded, or fetched', async () => {
    test.judge.answer = () => {
      throw new Fault('picture_unreadable', 'corrupt', 'a damaged picture');
    };
    expect((await json({ images: base64 })).json).toMatchObject({ code: 'picture_unreadable' });
    const urls = ['https://example.org/a', 'https://example.org/private'];
    expect((await json({ urls })).json).toMatchObject({ code: 'download_failed' });
  });
});
