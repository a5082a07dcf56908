import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { heicFile } from '../../src/picture/test-support/heic-files.ts';
import { judgedFace, startV1Test, type V1Test } from './support.ts';

const heic = heicFile('plain.heic');
let test: V1Test;
beforeAll(async () => {
  test = await startV1Test();
});
afterAll(() => test.stop());
beforeEach(() => {
  test.judge.answer = () => judgedFace();
  test.judge.pictures.length = 0;
});

it.each(['image/heic', 'image/heif', 'image/avif', 'application/octet-stream'])(
  'HEIC sent as %s is judged',
  async (type) => {
    const answer = await test.post('/v1/liveness', { headers: { 'content-type': type }, body: heic });
    expect(answer.status).toBe(200);
    expect(test.judge.pictures).toHaveLength(1);
  },
);

it('HEIC in a form and as base64 is judged', async () => {
  const form = new FormData();
  form.set('image', new Blob([Uint8Array.from(heic)], { type: 'image/heic' }), 'IMG_1.HEIC');
  expect((await test.post('/v1/liveness', { body: form })).status).toBe(200);
  const body = JSON.stringify({ image: heic.toString('base64') });
  const json = await test.post('/v1/liveness', { headers: { 'content-type': 'application/json' }, body });
  expect(json.status).toBe(200);
});

it.each(['image/jpeg', 'image/png', 'image/webp', 'image/bmp', 'IMAGE/JPEG; q=1'])(
  'HEIC sent as %s is refused as unsupported, as before HEIC was judged',
  async (type) => {
    const answer = await test.post('/v1/liveness', { headers: { 'content-type': type }, body: heic });
    expect(answer.status).toBe(422);
    expect(await answer.json()).toMatchObject({ reason: 'unsupported' });
    expect(test.judge.pictures).toEqual([]);
  },
);
