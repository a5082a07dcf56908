import { chmod, copyFile, cp, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { THIS_MACHINE } from '../../doctor/examine.ts';
import { openStore } from '../../store/open.ts';
import { MODELS_DIR } from '../../weights/index.ts';
import { data, found, listening, noon, root, tls, useDataFolder } from './test-support/doctor.ts';

useDataFolder();

describe('a clock that jumped', () => {
  const day = 86_400_000;
  async function looks(...times: readonly (readonly [wall: number, elapsed: number | null])[]) {
    const store = await openStore({ dataDir: data, thread: false });
    for (const [wall, elapsed] of times) await store.upkeep.lookAtClock(wall, elapsed);
    await store.close();
  }
  const clockAt = (now: number) => found('clock', {}, { now: () => now });

  it('is named with the time by which records are deleted meanwhile, and for a week after it was set right', async () => {
    await looks([noon, null], [noon + 100 * day, 0]);
    const ahead = await clockAt(noon + 100 * day);
    expect(ahead).toMatchObject({ status: 'warn', exit: 0 });
    expect(ahead.found).toContain('jumped ahead by 100 days');
    expect(ahead.found).toContain('records are deleted as if it were 2026-11-23T12:00:00.000Z');
    expect((await clockAt(noon)).status).toBe('fail');
    await looks([noon + 3_600_000, 0]);
    expect(await clockAt(noon + 3_600_000)).toMatchObject({
      status: 'warn',
      found: expect.stringContaining('jumped back by 100 days'),
    });
    await looks([noon + 9 * day, 9 * day - 3_600_000]);
    expect(await clockAt(noon + 9 * day)).toMatchObject({ status: 'ok' });
  });
});

describe('a copy of the database without its write-ahead log', () => {
  it('fails, with what to do', async () => {
    const store = await openStore({ dataDir: data, thread: false });
    const copy = join(root, 'copy');
    await mkdir(copy, { mode: 0o700 });
    for (const name of ['livestill.sqlite', 'master.key']) await copyFile(join(data, name), join(copy, name));
    await store.close();
    const said = await found('write-ahead log', { dataDir: copy });
    expect(said).toMatchObject({
      status: 'fail',
      exit: 1,
      advice: expect.stringContaining('livestill restore'),
    });
  });
});

describe('a data folder that cannot be written', () => {
  const unwritable = (name: string, code: string) => ({
    whyNotWritten: async (path: string) => (path.endsWith(name) ? code : null),
  });

  it('fails, and says whether rights or the mount are the cause', async () => {
    expect(await found('data folder', {}, unwritable('data', 'EACCES'))).toMatchObject({
      status: 'fail',
      found: `${data}, mode 700: this user cannot write it (EACCES)`,
      advice: expect.stringContaining('Let this user write the folder'),
    });
    expect(await found('data folder', {}, unwritable('data', 'EROFS'))).toMatchObject({
      status: 'fail',
      found: `${data}, mode 700: its file system is mounted read-only`,
      advice: expect.stringContaining('Mount it for writing'),
    });
    expect(await found('database file', {}, unwritable('.sqlite', 'EACCES'))).toMatchObject({
      status: 'fail',
      found: expect.stringContaining('livestill.sqlite, mode 600: this user cannot write it'),
      advice: expect.stringContaining('Let this user write the file'),
    });
  });

  it('is found out by this machine', async () => {
    expect(await THIS_MACHINE.whyNotWritten(data)).toBeNull();
    expect(await THIS_MACHINE.whyNotWritten(join(root, 'none'))).toBe('ENOENT');
  });
});

describe('memory', () => {
  const gigabytes = (count: number) => ({ memoryBytes: count * 1024 ** 3 });

  it('is enough, and says for what', async () => {
    expect(await found('memory')).toMatchObject({
      status: 'ok',
      found: '16384 MB, 4 workers of up to 2048 MB each',
    });
  });

  it('that is too little for a large picture is a warning, too little for the service a failure', async () => {
    expect(await found('memory', {}, gigabytes(1))).toMatchObject({
      status: 'warn',
      found: '1024 MB, of which 1 worker may take 768 MB: too little for large pictures',
      advice: expect.stringContaining('picture.maxPixels'),
    });
    expect(await found('memory', {}, gigabytes(0.4))).toMatchObject({ status: 'fail' });
  });

  it('that so many workers, or so large ones, go beyond is a warning', async () => {
    const advice = 'Set workers to 4 or less, or give the machine more memory.';
    expect(await found('memory', { workers: 8 }, gigabytes(4))).toMatchObject({ status: 'warn', advice });
    expect(await found('memory', { workers: 2, workerMemoryMb: 4096 }, gigabytes(4))).toMatchObject({
      status: 'warn',
      advice: 'Set workerMemoryMb to 1693 or less, or give the machine more memory.',
    });
  });
});

describe('the console', () => {
  it('that was not built is a warning, and nothing where it is switched off', async () => {
    const none = { consoleFolder: join(root, 'none') };
    expect(await found('console', {}, none)).toMatchObject({
      status: 'warn',
      found: 'not built: /console/ is not there',
      advice: 'Run "npm run build" in the clone, or install the package anew.',
    });
    expect(await found('console')).toMatchObject({ status: 'ok' });
    await expect(found('console', { console: { enabled: false } }, none)).rejects.toThrow('no check console');
  });
});

describe('models', () => {
  it('all of which are missing are one short line', async () => {
    const dir = join(root, 'nothing');
    await mkdir(dir);
    expect(await found('models', { models: { dir } })).toMatchObject({
      status: 'fail',
      found: `${dir}: blazeface-back-256.onnx, rfb-320.onnx, minifasnet-v2-se-128.onnx, minifasnet-v2-80.onnx, minifasnet-v1-se-80.onnx are not there`,
    });
  });

  it('one that is another file is named with its size or hash', async () => {
    const dir = join(root, 'other');
    await cp(MODELS_DIR, dir, { recursive: true });
    await writeFile(join(dir, 'rfb-320.onnx'), 'changed');
    await rm(join(dir, 'blazeface-back-256.onnx'));
    expect(await found('models', { models: { dir } })).toMatchObject({
      status: 'fail',
      found: `${dir}: blazeface-back-256.onnx is not there; rfb-320.onnx: expected 1217758 bytes, found 7 bytes`,
    });
  });

  it('files that are missing, and how to fetch them', async () => {
    const dir = join(root, 'models');
    await mkdir(dir);
    expect(await found('models', { models: { dir } })).toMatchObject({
      status: 'fail',
      exit: 1,
      advice: `livestill models pull --dir ${JSON.stringify(dir)}`,
    });
  });

  it('a pack without a card', async () => {
    expect(await found('model pack', { models: { packs: [root] } })).toMatchObject({
      status: 'fail',
      exit: 1,
    });
  });
});

describe('certificate', () => {
  const pair = async (cert: string, key: string) => {
    const [certFile, keyFile] = [join(root, 'tls.crt'), join(root, 'tls.key')];
    await copyFile(tls(cert), certFile);
    await copyFile(tls(key), keyFile);
    await chmod(keyFile, 0o600);
    return { tls: { cert: certFile, key: keyFile } };
  };
  const check = async (now: number) =>
    found('certificate', await pair('first.crt', 'first.key'), { now: () => now });
  const day = 86_400_000;

  it('its dates', async () => {
    const good = await check(noon);
    expect(good.status).toBe('ok');
    const end = Date.parse(/until (\S+)$/.exec(good.found)?.[1] ?? '');
    expect((await check(end - 21 * day)).status).toBe('ok');
    expect((await check(end - 21 * day + 1)).status).toBe('warn');
    expect((await check(end - 1)).status).toBe('warn');
    expect(await check(end)).toMatchObject({
      status: 'fail',
      exit: 1,
      found: expect.stringContaining('over'),
    });
    expect((await check(0)).found).toContain('not before');
  });

  it("another certificate's key, and a file that is missing", async () => {
    expect((await found('certificate', await pair('first.crt', 'second.key'))).found).toContain(
      'does not belong',
    );
    const settings = await pair('first.crt', 'first.key');
    await rename(settings.tls.cert, `${settings.tls.cert}.away`);
    expect((await found('certificate', settings)).found).toContain('cannot be read');
  });

  it('a key that every user may read', async () => {
    const settings = await pair('first.crt', 'first.key');
    await chmod(settings.tls.key, 0o644);
    expect(await found('certificate key', settings)).toMatchObject({ status: 'warn' });
  });
});

describe('ports', () => {
  const admin = (body: object, status = 200) =>
    createHttpServer((_request, response) => response.writeHead(status).end(JSON.stringify(body)));

  it('in use by something else', async () => {
    const port = await listening(createServer((socket) => socket.destroy()));
    expect(await found('port', { port })).toMatchObject({
      status: 'fail',
      exit: 1,
      found: expect.stringContaining(`${port} on 127.0.0.1 is in use`),
      advice: 'Stop what uses it, or choose another with --port.',
    });
    expect(await found('admin port', { adminPort: port })).toMatchObject({ status: 'fail' });
  });

  it('in use by a livestill that is ready', async () => {
    const adminPort = await listening(admin({ status: 'ready' }));
    const port = await listening(createServer());
    expect(await found('port', { port, adminPort })).toMatchObject({ status: 'ok', exit: 0 });
    expect((await found('admin port', { port, adminPort })).found).toContain('a livestill runs and is ready');
  });

  it('in use by a livestill that is not ready', async () => {
    const adminPort = await listening(admin({ status: 'not ready' }, 503));
    expect(await found('admin port', { adminPort })).toMatchObject({ status: 'fail', exit: 1 });
  });

  it('in use by a server that is no livestill', async () => {
    const adminPort = await listening(admin({ hello: 'world' }));
    expect((await found('admin port', { adminPort })).found).toContain('is in use');
  });

  it('an address that this machine does not have', async () => {
    expect(await found('port', { host: '192.0.2.1', port: 8787 })).toMatchObject({ status: 'fail', exit: 1 });
  });
});
