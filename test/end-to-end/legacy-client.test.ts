import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readSignature, sign, verifyDigest } from '../../src/account/signature/signature.ts';
import { InputError, LegacyClient, LegacyError, legacySign } from '../../src/client/index.ts';
import { judgementOf, noFace } from '../contract/support/judge.ts';
import { appid, pair, startV1Test, type V1Test } from '../v1/support.ts';

let test: V1Test;
beforeAll(async () => {
  test = await startV1Test({ downloader: { download: async () => Uint8Array.from([1, 2, 3]) } });
});
afterAll(() => test.stop());
beforeEach(() => {
  test.judge.answer = () => judgementOf();
  test.judge.pictures.length = 0;
});

const client = (change: Partial<ConstructorParameters<typeof LegacyClient>[0]> = {}) =>
  new LegacyClient({ baseUrl: `${test.url}/`, appid, ...pair, maxRetries: 0, ...change });
const bytes = Uint8Array.from([0xff, 0xd8, 0xff, 0, 13, 10, 45, 45]);

describe('LegacyClient', () => {
  it.each([
    ['bytes', bytes],
    ['a Blob', new Blob([bytes])],
    ['a stream', new Blob([bytes]).stream()],
  ])('scores %s', async (_name, picture) => {
    const { score, requestId, reason } = await client().judge(picture);
    expect([score, reason]).toEqual([93, undefined]);
    expect(requestId).toMatch(/^[0-9a-f-]{36}$/);
    expect(test.judge.pictures).toEqual([Buffer.from(bytes)]);
  });

  it('lets the server fetch a url', async () => {
    expect((await client().judge('https://example.org/a.jpg')).score).toBe(93);
    expect(test.judge.pictures).toEqual([Buffer.from([1, 2, 3])]);
  });

  it('says why a picture is not taken for live', async () => {
    test.judge.answer = () => judgementOf({ verdict: 'poor_quality', rawScore: 99 });
    expect(await client().judge(bytes)).toMatchObject({ score: 60, reason: 'poor_quality' });
  });

  it.each([
    ['no face', {}, -4015, 'face detect failed', 200],
    ['a wrong SecretKey', { secretKey: 'x'.repeat(32) }, 14, 'sign no pass', 401],
    ['an unknown app', { appid: '7' }, 10, 'appid not exist', 401],
  ] as const)('throws a LegacyError: %s', async (_name, change, code, message, status) => {
    test.judge.answer = () => noFace;
    const error: unknown = await client(change)
      .judge(bytes)
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(LegacyError);
    expect(error).toMatchObject({ name: 'LegacyError', code, message, status });
  });
});

describe('legacySign', () => {
  const word = fc.stringMatching(/^[A-Za-z0-9_-]{1,20}$/);

  it('makes the very text that the server signs', async () => {
    const content = {
      bucket: undefined,
      expires: 1_800_000_600,
      issued: 1_800_000_000,
      rand: 42,
      fileid: undefined,
    };
    const { bucket: _bucket, fileid: _fileid, ...times } = content;
    expect(await legacySign({ appid, ...pair, ...times })).toBe(
      sign({ appid, secretId: pair.secretId, ...content }, pair.secretKey),
    );
  });

  it('is accepted whatever the fields, and reads back as they were', async () => {
    await fc.assert(
      fc.asyncProperty(word, word, fc.stringMatching(/^[!-~]{16,64}$/), word, async (k, b, secretKey, f) => {
        const text = await legacySign({
          appid,
          secretId: k,
          secretKey,
          bucket: b,
          fileid: f,
          expires: 0,
          issued: 1e9,
        });
        const parsed = readSignature(text);
        expect(verifyDigest(parsed, secretKey)).toBe(true);
        expect(parsed).toMatchObject({ appid, secretId: k, bucket: b, fileid: f, expires: 0, issued: 1e9 });
      }),
      { numRuns: 50 },
    );
  });

  it.each([
    [{ bucket: 'a&b' }, 'cannot stand in a signature'],
    [{ appid: '1 2' }, 'cannot stand in a signature'],
    [{ expires: 0 }, 'needs a fileid'],
  ])('refuses %j', async (change, message) => {
    const made = legacySign({ appid, ...pair, ...change });
    await expect(made).rejects.toThrow(InputError);
    await expect(legacySign({ appid, ...pair, ...change })).rejects.toThrow(message);
  });
});
