import { chmod, copyFile, mkdir, rename } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openStore } from '../../store/open.ts';
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

describe('models', () => {
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
