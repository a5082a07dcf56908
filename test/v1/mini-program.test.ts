import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { samplePath } from '../support/pictures.ts';
import { appid, judgedFace, pair, startV1Test, type V1Test } from './support.ts';

const page = fileURLToPath(new URL('../../docs/use/camera.md', import.meta.url));
const AsyncFunction = (async () => {}).constructor as new (
  ...parts: string[]
) => (...given: unknown[]) => Promise<unknown>;

/** What `wx.uploadFile` takes, as far as the documentation of livestill uses it. */
interface UploadOptions {
  readonly url: string;
  readonly filePath: string;
  readonly name: string;
  readonly formData?: Readonly<Record<string, string>>;
  readonly header?: Readonly<Record<string, string>>;
  success(answer: { statusCode: number; data: string }): void;
  fail(error: { errMsg: string }): void;
}

describe('the code for WeChat mini-programs in the documentation', () => {
  let server: V1Test;
  let code: readonly string[];
  beforeAll(async () => {
    server = await startV1Test();
    const [, text] = (await readFile(page, 'utf8')).split('## WeChat mini-programs');
    code = Array.from(text.matchAll(/^```js\n([\s\S]*?)^```/gm)).map(([, block]) => block);
  });
  afterAll(() => server?.stop());
  beforeEach(() => {
    server.judge.answer = () => judgedFace();
  });

  /** A stand-in that uploads as WeChat says: one multipart form, and `success` for every answer, whatever its status. */
  const wx = (network: 'there' | 'gone') => ({
    createCameraContext: () => ({
      takePhoto: ({ success }: { success(photo: { tempImagePath: string }): void }) =>
        success({ tempImagePath: samplePath('T1.jpg') }),
    }),
    uploadFile({ url, filePath, name, formData = {}, header = {}, success, fail }: UploadOptions) {
      const send = async () => {
        if (network === 'gone') throw new Error('uploadFile:fail timeout');
        const form = new FormData();
        for (const [key, value] of Object.entries(formData)) form.append(key, value);
        form.append(name, new Blob([await readFile(filePath)]), 'tmp_1.jpg');
        // The integrator's own server passes the picture on with its key.
        const own = url === 'https://shop.example/selfie';
        const headers = own ? { authorization: `Bearer ${server.apiKey}` } : header;
        const place = own
          ? `${server.url}/v1/liveness`
          : url.replace('https://liveness.example.org', server.url);
        const response = await fetch(place, { method: 'POST', body: form, headers });
        return { statusCode: response.status, data: await response.text() };
      };
      send().then(success, (error: Error) => fail({ errMsg: error.message }));
    },
  });

  /** Runs the blocks one after the other in one scope and gives what they report. */
  const run = (blocks: readonly number[], network: 'there' | 'gone', sign: () => Promise<unknown>) =>
    new Promise<unknown>((report, reject) => {
      const body = blocks.map((at) => code[at]).join('\n');
      new AsyncFunction('wx', 'report', 'signFromYourServer', body)(wx(network), report, sign).catch(reject);
    });
  /** What the integrator's server signs, by its own block. */
  async function sign() {
    const { randomUUID } = await import('node:crypto');
    const { legacySign } = await import('../../src/client/index.ts');
    const body = `${code[1].replaceAll(/^import .*$/gm, '')}\nreturn authorization;`;
    const names = ['randomUUID', 'legacySign', 'appid', 'secretId', 'secretKey'];
    const values = [randomUUID, legacySign, appid, pair.secretId, pair.secretKey];
    return { appid, authorization: await new AsyncFunction(...names, body)(...values) };
  }
  // The photo is taken by the first block; its upload is left out where the second way is taken.
  const photoAlone = () => {
    const [first] = code;
    return first.slice(0, first.indexOf('wx.uploadFile'));
  };

  it('uploads to the integrator, whose server asks v1', async () => {
    expect(await run([0], 'there', sign)).toMatchObject({ verdict: 'live' });
    expect(await run([0], 'gone', sign)).toBeNull();
  });

  it('uploads straight to the old call with a signature for one use', async () => {
    const all = code;
    code = [photoAlone(), all[1], all[2]];
    try {
      const signed = await sign();
      const once = () => run([0, 2], 'there', async () => signed);
      expect(await once()).toMatchObject({ code: 0, data: { score: expect.any(Number) } });
      expect(await once()).toBeNull();
      expect(await run([0, 2], 'gone', sign)).toBeNull();
    } finally {
      code = all;
    }
  });
});
