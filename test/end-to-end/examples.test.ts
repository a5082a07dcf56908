import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createLiveness, type Liveness } from '../../src/engine.ts';
import type { Judge } from '../../src/fleet/types.ts';
import { itWhere } from '../support/only-where.ts';
import { groupPhotoPath } from '../support/pictures.ts';
import { appid, pair, startV1Test, type V1Test } from '../v1/support.ts';

/** The examples as they stand, against the real server with the real networks. They import the built package by its name. */
const project = fileURLToPath(new URL('../../', import.meta.url));
const photo = groupPhotoPath('sample1.jpg');
let engine: Liveness;
let test: V1Test;
let folder: string;
let environment: NodeJS.ProcessEnv;

beforeAll(async () => {
  engine = await createLiveness({ profile: 'fast' });
  folder = await mkdtemp(join(tmpdir(), 'livestill-examples-'));
  await writeFile(join(folder, 'no-picture.jpg'), 'text');
  const { models } = engine;
  const judge: Judge['judge'] = (bytes, { threshold } = {}) =>
    engine.judge(bytes, threshold === undefined ? {} : { threshold });
  test = await startV1Test({ judge: { judge, models, refusal: () => null } });
  environment = {
    PATH: process.env.PATH,
    LIVESTILL_URL: test.url,
    LIVESTILL_API_KEY: test.apiKey,
    LIVESTILL_APPID: appid,
    LIVESTILL_SECRET_ID: pair.secretId,
    LIVESTILL_SECRET_KEY: pair.secretKey,
    PORT: '0',
  };
});
afterAll(async () => {
  await test.stop();
  await engine.close();
  await rm(folder, { recursive: true, force: true });
});

function start(command: string, args: readonly string[], extra: NodeJS.ProcessEnv = {}): ChildProcess {
  return spawn(command, args, { cwd: project, env: { ...environment, ...extra } });
}

async function run(command: string, args: readonly string[], extra?: NodeJS.ProcessEnv) {
  const child = start(command, args, extra);
  let out = '';
  let err = '';
  child.stdout?.on('data', (chunk) => (out += String(chunk)));
  child.stderr?.on('data', (chunk) => (err += String(chunk)));
  const status = await new Promise((resolve) => child.on('close', resolve));
  return { out, err, status };
}

const hasPhp = /^curl$/m.test(spawnSync('php', ['-m'], { encoding: 'utf8' }).stdout ?? '');

const example = (name: string, ...args: string[]) => run(process.execPath, [`examples/${name}`, ...args]);

describe('examples', () => {
  it('judge.mjs says what to do with each picture', async () => {
    const { verdict } = await engine.judge(await readFile(photo));
    const { out, err, status } = await example('judge.mjs', photo, join(folder, 'no-picture.jpg'));
    const [first, second] = out.split('\n');
    const said = {
      live: 'live (',
      attack: 'refused (',
      poor_quality: 'another photo',
      no_face: 'another photo',
    };
    expect([first, err]).toEqual([expect.stringContaining(`${photo}: ${said[verdict]}`), '']);
    expect(second).toContain('not judged (picture_unreadable)');
    expect(status).toBe(1);
  });

  it('legacy.mjs says the score, or the code', async () => {
    const { out, err } = await example('legacy.mjs', photo);
    expect([out, err]).toEqual([expect.stringMatching(/^\d+ (live|not taken for live)\n$/), '']);
    expect(await example('legacy.mjs', join(folder, 'no-picture.jpg'))).toMatchObject({
      out: 'code -4016: image decode failed\n',
      status: 1,
    });
  });

  itWhere(hasPhp, 'needs php with curl')('legacy.php says the score, or the code', async () => {
    const { out, err } = await run('php', ['examples/legacy.php', photo]);
    expect([out, err]).toEqual([
      expect.stringMatching(/^\d+ (live|not taken for live|take another picture)\n$/),
      '',
    ]);
    expect(await run('php', ['examples/legacy.php', join(folder, 'no-picture.jpg')])).toMatchObject({
      out: 'code -4016: image decode failed\n',
      status: 1,
    });
    const wrong = await run('php', ['examples/legacy.php', photo], { LIVESTILL_SECRET_KEY: 'k'.repeat(32) });
    expect(wrong).toMatchObject({ out: 'code 14: sign no pass\n', status: 1 });
    const none = await run('php', ['examples/legacy.php'], { LIVESTILL_APPID: '' });
    expect(none).toMatchObject({ out: '', status: 2 });
    expect(none.err).toMatch(/^usage: .*examples\/legacy\.php.*\n.*npx livestill .*\n$/);
  });

  it('judge.sh says the verdict, or the code', async () => {
    const { out, err } = await run('sh', ['examples/judge.sh', photo]);
    expect([out, err]).toEqual([expect.stringMatching(/^(live|attack|poor_quality|no_face)\n$/), '']);
    const wrong = await run('sh', ['examples/judge.sh', photo], { LIVESTILL_API_KEY: 'lsk_wrong' });
    expect(wrong.out).toBe('api_key_invalid\n');
  });

  it('gateway.mjs hands a photo on and keeps the score to itself', async () => {
    const child = start(process.execPath, ['examples/gateway.mjs']);
    onTestFinished(() => void child.kill());
    const url = await new Promise<string>((resolve, reject) => {
      child.stdout?.once('data', (chunk) => resolve(String(chunk).trim()));
      child.stderr?.once('data', (chunk) => reject(new Error(String(chunk))));
    });
    const response = await fetch(url, { method: 'POST', body: await readFile(photo) });
    expect(response.status).toBe(200);
    const body = (await response.json()) as object;
    expect(Object.keys(body)).toEqual(['passed', 'again', 'hints']);
    const bad = await fetch(url, { method: 'POST', body: 'text' });
    expect([bad.status, await bad.json()]).toEqual([
      422,
      { passed: false, again: true, hints: [expect.any(String)] },
    ]);
  });

  it.each(['judge.mjs', 'gateway.mjs', 'legacy.mjs', 'judge.sh'])(
    '%s without variables and arguments says how it is used, with status 2',
    async (name) => {
      const command = name.endsWith('.sh') ? 'sh' : process.execPath;
      const none = { LIVESTILL_API_KEY: '', LIVESTILL_APPID: '', LIVESTILL_SECRET_KEY: '' };
      const { out, err, status } = await run(command, [`examples/${name}`], none);
      expect([status, out]).toEqual([2, '']);
      expect(err).toMatch(new RegExp(`^usage: .*examples/${name}.*\\n.*npx livestill .*\\n$`));
    },
  );
});
