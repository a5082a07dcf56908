import { chmod, copyFile, cp, mkdir, mkdtemp, open, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { Machine } from '../../doctor/examine.ts';
import { openStore } from '../../store/open.ts';
import { somePair, someRow } from '../../store/test-support/temp-store.ts';
import { MODELS_DIR } from '../../weights/index.ts';
import { registerDoctor } from './doctor.ts';

const tls = (name: string) =>
  fileURLToPath(new URL(`../../../test/contract/support/tls/${name}`, import.meta.url));
const noon = Date.parse('2026-11-23T12:00:00Z');
const machine: Machine = {
  now: () => noon,
  nodeVersion: 'v22.22.2',
  uid: process.getuid?.(),
  freeBytes: async () => 50 * 1024 ** 3,
};

let root: string;
let data: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'livestill-doctor-'));
  data = join(root, 'data');
  const store = await openStore({ dataDir: data, thread: false });
  await store.accounts.createApp({ appid: '1', name: 'x' }, somePair());
  for (let count = 0; count < 200; count++) {
    await store.ledger.append(someRow({ at: new Date(noon - 60_000), requestId: `request-${count}` }));
  }
  await store.close();
});
afterEach(() => rm(root, { recursive: true, force: true }));

interface Said {
  readonly out: string;
  readonly err: string;
  readonly status: number;
}

interface Found {
  readonly name: string;
  readonly status: string;
  readonly found: string;
  readonly advice: string | null;
}

async function doctor(settings: object, change: Partial<Machine>, ...args: string[]): Promise<Said> {
  const config = join(root, 'livestill.json');
  await writeFile(config, JSON.stringify({ dataDir: data, port: 0, adminPort: 0, ...settings }));
  let [out, err] = ['', ''];
  const program = new Command('livestill').exitOverride().configureOutput({
    writeOut: (text) => {
      out += text;
    },
    writeErr: (text) => {
      err += text;
    },
  });
  registerDoctor(program, { ...machine, ...change });
  const before = process.exitCode;
  process.exitCode = 0;
  try {
    await program.parseAsync(['doctor', '--config', config, ...args], { from: 'user' });
    return { out, err, status: Number(process.exitCode) };
  } finally {
    process.exitCode = before;
  }
}

/** What it says of one thing, and whether the whole passed. */
async function found(name: string, settings: object = {}, change: Partial<Machine> = {}) {
  const { out, status } = await doctor(settings, change, '--json');
  const { ok, checks } = JSON.parse(out) as { ok: boolean; checks: Found[] };
  expect(ok).toBe(status === 0);
  expect(checks.some((check) => check.status === 'fail')).toBe(!ok);
  for (const check of checks) expect(check.advice === null).toBe(check.status === 'ok');
  const check = checks.find((one) => one.name === name);
  if (check === undefined) throw new Error(`no check ${name} among ${checks.map((one) => one.name)}`);
  return { ...check, exit: status };
}

async function listening(server: Server): Promise<number> {
  onTestFinished(() => void server.close());
  await new Promise<void>((done) => void server.listen(0, '127.0.0.1', done));
  return (server.address() as AddressInfo).port;
}

describe('livestill doctor', () => {
  it('says that all is well, in aligned columns', async () => {
    const { out, err, status } = await doctor({}, {});
    expect([err, status]).toEqual(['', 0]);
    const lines = out.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^check {2,}status {2}found$/);
    const column = lines[0]!.indexOf('status');
    for (const line of lines.slice(1, lines.indexOf('')))
      expect(line.slice(column, column + 8)).toBe('ok      ');
    expect(lines.at(-1)).toBe('All is well.');
  });

  it('says below the table what to do', async () => {
    await chmod(join(data, 'master.key'), 0o640);
    const { out, status } = await doctor({}, { freeBytes: async () => 500 * 1024 ** 2 });
    expect(status).toBe(1);
    expect(out).toContain(`\nWhat to do:\n  master key: chmod 600 ${join(data, 'master.key')}\n`);
    expect(out).toContain('  disk room: Free disk space');
    expect(out).toMatch(/\n2 of \d+ checks failed\.\n$/);
  });

  it('warns while the pair is missing, and fails where it is asked for', async () => {
    const dir = join(root, 'weights');
    await mkdir(dir);
    for (const name of ['blazeface-back-256', 'rfb-320', 'minifasnet-v2-se-128']) {
      await cp(join(MODELS_DIR, `${name}.onnx`), join(dir, `${name}.onnx`));
    }
    const advice = `livestill models pull --dir ${JSON.stringify(dir)}`;
    expect(await found('models', { models: { dir } })).toMatchObject({
      status: 'warn',
      found: 'minifasnet-v2-80 and minifasnet-v1-se-80 not in place: judging with the profile "single"',
      advice,
    });
    expect(await found('models', { models: { dir }, profile: 'fast' })).toMatchObject({
      status: 'fail',
      found: expect.stringContaining('the profile "fast" cannot be used'),
      advice,
    });
  });

  it('leaves the folder as it was', async () => {
    const path = join(data, 'livestill.sqlite');
    const before = await stat(path);
    await doctor({}, {});
    const after = await stat(path);
    expect([after.mtimeMs, after.size]).toEqual([before.mtimeMs, before.size]);
  });

  it('looks into a folder that a service has open', async () => {
    const store = await openStore({ dataDir: data, thread: false });
    await store.ledger.append(someRow({ at: new Date(noon) }));
    expect(await found('database')).toMatchObject({
      status: 'ok',
      found: expect.stringContaining('201 ledger'),
    });
    await store.close();
  });

  it('names every setting that is wrong', async () => {
    const check = await found('configuration', { port: 'eighty', prot: 1 });
    expect(check).toMatchObject({ status: 'fail', exit: 1 });
    expect(check.found).toContain('port');
    expect(check.found).toContain('Did you mean port?');
  });
});

describe('Node.js', () => {
  it.each([
    ['v20.20.2', 'warn'],
    ['v22.23.0', 'ok'],
    ['v24.14.1', 'ok'],
    ['v24.14.0', 'warn'],
    ['v22.22.1', 'warn'],
    ['v20.19.0', 'warn'],
    ['v23.5.0', 'warn'],
    ['v20.18.3', 'fail'],
    ['v18.20.0', 'fail'],
  ])('%s: %s', async (nodeVersion, status) => {
    expect((await found('Node.js', {}, { nodeVersion })).status).toBe(status);
  });
});

describe('rights', () => {
  it.each([
    [0o700, 'ok'],
    [0o750, 'warn'],
    [0o755, 'warn'],
    [0o770, 'fail'],
    [0o777, 'fail'],
  ])('folder %o: %s', async (mode, status) => {
    await chmod(data, mode);
    expect((await found('data folder')).status).toBe(status);
  });

  it("another user's folder is warned of", async () => {
    expect(await found('data folder', {}, { uid: 4711 })).toMatchObject({ status: 'warn', exit: 0 });
  });

  it('a folder that is missing, and one that is a file', async () => {
    expect(await found('data folder', { dataDir: join(root, 'nowhere') })).toMatchObject({
      status: 'fail',
      exit: 1,
      found: expect.stringContaining('ENOENT'),
    });
    await expect(stat(join(root, 'nowhere'))).rejects.toThrow('ENOENT');
    await writeFile(join(root, 'file'), '');
    expect((await found('data folder', { dataDir: join(root, 'file') })).status).toBe('fail');
  });

  it('key and database that others may read', async () => {
    await chmod(join(data, 'livestill.sqlite'), 0o644);
    expect(await found('database file')).toMatchObject({ status: 'fail', exit: 1 });
    await chmod(join(data, 'master.key'), 0o604);
    expect(await found('master key')).toMatchObject({ status: 'fail', exit: 1 });
  });

  it('a key that is missing', async () => {
    await rm(join(data, 'master.key'));
    expect(await found('master key')).toMatchObject({ status: 'fail', exit: 1 });
    expect((await found('stored keys')).found).toContain('is missing');
  });
});

describe('disk room', () => {
  it.each([
    [1024 ** 3, 'ok'],
    [1024 ** 3 - 1, 'warn'],
    [100 * 1024 ** 2, 'warn'],
    [100 * 1024 ** 2 - 1, 'fail'],
    [0, 'fail'],
  ])('%i bytes: %s', async (bytes, status) => {
    expect((await found('disk room', {}, { freeBytes: async () => bytes })).status).toBe(status);
  });
});

describe('database', () => {
  it('damaged pages are found', async () => {
    const path = join(data, 'livestill.sqlite');
    const file = await open(path, 'r+');
    const { size } = await file.stat();
    // All but the first page, which holds the header, and the tables' roots in the next ones.
    for (let at = 8 * 4096; at < size; at += 4096) await file.write(Buffer.alloc(2048, 0xa5), 0, 2048, at);
    await file.close();
    expect(await found('database')).toMatchObject({ status: 'fail', exit: 1 });
  });

  it('a file that is no database', async () => {
    await writeFile(join(data, 'livestill.sqlite'), 'hello'.repeat(5000));
    expect(await found('database')).toMatchObject({
      status: 'fail',
      found: expect.stringContaining('store_corrupt'),
    });
  });

  it('a file that is empty, and one that is missing', async () => {
    // A write-ahead log that outlived its connection would make an empty file a damaged one.
    for (const end of ['-wal', '-shm']) await rm(join(data, `livestill.sqlite${end}`), { force: true });
    await writeFile(join(data, 'livestill.sqlite'), '');
    expect((await found('database')).found).toContain('lacks the tables');
    await rm(join(data, 'livestill.sqlite'));
    expect((await found('database')).found).toContain('is missing');
    await expect(stat(join(data, 'livestill.sqlite'))).rejects.toThrow('ENOENT');
  });

  it("another folder's master key does not fit", async () => {
    const other = join(root, 'other');
    await (await openStore({ dataDir: other, thread: false })).close();
    await copyFile(join(other, 'master.key'), join(data, 'master.key'));
    expect(await found('stored keys')).toMatchObject({
      status: 'fail',
      exit: 1,
      found: expect.stringContaining('are encrypted under'),
    });
  });
});

describe('clock', () => {
  it.each([
    ['the time of the newest row', noon - 60_000, 'ok'],
    ['a minute before it', noon - 120_000, 'ok'],
    ['more than a minute before it', noon - 120_001, 'fail'],
    ['before this version', Date.parse('2026-10-31T23:59:59Z'), 'fail'],
    ['1970', 0, 'fail'],
  ])('%s', async (_name, now, status) => {
    expect((await found('clock', {}, { now: () => now })).status).toBe(status);
  });
});

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
