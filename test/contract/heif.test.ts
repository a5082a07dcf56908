import { expect, it } from 'vitest';
import { heicFile } from '../../src/picture/test-support/heic-files.ts';
import { asSharp, gradient } from '../../src/picture/test-support/made.ts';
import { appid, signature } from './support/accounts.ts';
import { exchange, post } from './support/raw.ts';
import { startTestServer, type TestServer, type TestServerOptions } from './support/server.ts';

const avif = () => asSharp(gradient(96, 64)).avif().toBuffer();
const request = (picture: Buffer) =>
  post(
    ['Content-Type: application/json', `Authorization: ${signature()}`],
    JSON.stringify({ appid, image: picture.toString('base64') }),
  );

async function withServer(
  options: TestServerOptions,
  use: (test: TestServer) => Promise<void>,
): Promise<void> {
  const test = await startTestServer(options);
  try {
    await use(test);
  } finally {
    await test.stop();
  }
}

it.each([
  ['HEIC', async () => heicFile('plain.heic')],
  ['AVIF', avif],
])('%s is refused with -4016 and its row, and never decoded', async (_, file) => {
  await withServer({}, async (test) => {
    const answer = await exchange(test.port, request(await file()));
    expect([answer.json.code, answer.json.message]).toEqual([-4016, 'image decode failed']);
    expect(answer.headers['x-liveness-reason']).toBe('unsupported');
    expect(test.judge.pictures).toEqual([]);
    expect(test.ledger.rows).toMatchObject([{ code: -4016 }]);
  });
});

it.each([
  ['HEIC', async () => heicFile('plain.heic')],
  ['AVIF', avif],
])('compat.heif lets %s through to the judge', async (_, file) => {
  const compat = { sessionId: false, noFace: 'error', heif: true } as const;
  await withServer({ settings: { compat } }, async (test) => {
    expect((await exchange(test.port, request(await file()))).json.code).toBe(0);
    expect(test.judge.pictures).toHaveLength(1);
  });
});
