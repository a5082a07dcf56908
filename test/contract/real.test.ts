import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLiveness } from '../../src/engine.ts';
import type { Judgement } from '../../src/liveness/types.ts';
import { groupPhoto, samplePath } from '../support/pictures.ts';
import { signText } from './support/accounts.ts';
import { livestill, type MadeApp, makeApp, type ServiceProcess, serve } from './support/process.ts';

/*
 * The running service with its real networks: over HTTP a picture gets what the engine says of it, and the ledger has it.
 */

let service: ServiceProcess;
let app: MadeApp;
let folder: string;
let data: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'livestill-real-'));
  data = join(folder, 'data');
  app = await makeApp(data);
  service = await serve(data);
});
afterAll(async () => {
  await service?.stop();
  await rm(folder, { recursive: true, force: true });
});

interface Answer {
  readonly code: number;
  readonly score: number | undefined;
  readonly reason: string | null;
  readonly requestId: string;
}

async function call(picture: Buffer): Promise<Answer> {
  const now = Math.floor(Date.now() / 1000);
  const plain = `a=${app.appid}&b=&k=${app.secretId}&e=${now + 600}&t=${now}&r=5&f=`;
  const form = new FormData();
  form.set('image', new Blob([Uint8Array.from(picture)]), 'selfie.jpg');
  form.set('appid', app.appid);
  const response = await fetch(`http://127.0.0.1:${service.port}/face/livedetectpicture`, {
    method: 'POST',
    headers: { authorization: signText(plain, app.secretKey) },
    body: form,
  });
  const { code, data: found } = (await response.json()) as { code: number; data: { score?: number } };
  const { headers } = response;
  return {
    code,
    score: found.score,
    reason: headers.get('x-liveness-reason'),
    requestId: String(headers.get('x-request-id')),
  };
}

/** What the contract makes of a judgement. */
function expected({ verdict, rawScore: score }: Judgement): Omit<Answer, 'requestId'> {
  if (verdict === 'no_face' || score === null) return { code: -4015, score: undefined, reason: 'no_face' };
  if (verdict === 'poor_quality') return { code: 0, score: Math.min(score, 60), reason: verdict };
  return { code: 0, score, reason: verdict === 'live' ? null : verdict };
}

describe('over HTTP, with the networks', () => {
  it('the six group photos get what the engine says, and their rows say how it came about', async () => {
    const engine = await createLiveness();
    for (const name of ['sample1', 'sample2', 'sample3', 'sample4', 'sample5', 'sample6']) {
      const picture = await groupPhoto(`${name}.jpg`);
      const judgement = await engine.judge(Uint8Array.from(picture));
      const { requestId, ...answer } = await call(picture);
      expect([name, answer]).toEqual([name, expected(judgement)]);
      const run = livestill(['ledger', 'show', requestId, '--data', data, '--json']);
      expect(await run.ended).toBe(0);
      expect(JSON.parse(run.stdout())).toMatchObject({
        requestId,
        appid: app.appid,
        secretId: app.secretId,
        source: 'bytes',
        pictureBytes: picture.length,
        pictureSha256: createHash('sha256').update(picture).digest('hex'),
        code: answer.code,
        score: answer.score ?? null,
        verdict: judgement.verdict,
        rawScore: judgement.score,
        models: Object.fromEntries(judgement.models.map((model) => [model.name, model.sha256])),
        callerAddress: '127.0.0.1',
      });
    }
    await engine.close();
  });

  it.each([
    ['text', Buffer.from('not a picture')],
    ['a GIF', Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64')],
  ])('%s is answered with -4016', async (_name, picture) => {
    expect((await call(picture)).code).toBe(-4016);
  });

  it('a photo cut off is answered with -4016', async () => {
    const picture = await groupPhoto('sample1.jpg');
    expect((await call(picture.subarray(0, picture.length / 2))).code).toBe(-4016);
  });

  it('T1 is taken for live, F1 and F2 are not', async () => {
    const scores = [];
    for (const name of ['T1.jpg', 'F1.jpg', 'F2.jpg']) {
      const { code, score } = await call(await readFile(samplePath(name)));
      scores.push([name, code, (score ?? 0) > 87]);
    }
    expect(scores).toEqual([
      ['T1.jpg', 0, true],
      ['F1.jpg', 0, false],
      ['F2.jpg', 0, false],
    ]);
  });
});
