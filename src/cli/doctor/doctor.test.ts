import { chmod, copyFile, cp, mkdir, open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openStore } from '../../store/open.ts';
import { someRow } from '../../store/test-support/temp-store.ts';
import { MODELS_DIR } from '../../weights/index.ts';
import { data, doctor, found, noon, root, useDataFolder } from './test-support/doctor.ts';

useDataFolder();

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

  it('leaves the database of a service as it was', async () => {
    // Without one that has it open, who closes it last takes the log into the file: that may be the store that made the folder, whenever
    // the collector is through with its statements.
    const store = await openStore({ dataDir: data, thread: false });
    const path = join(data, 'livestill.sqlite');
    const [before, bytes] = [await stat(path), await readFile(path)];
    await doctor({}, {});
    const after = await stat(path);
    expect([after.mtimeMs, after.size]).toEqual([before.mtimeMs, before.size]);
    expect(bytes.equals(await readFile(path))).toBe(true);
    await store.close();
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

  it('says what to do about a configuration file that is not there', async () => {
    const { out, status } = await doctor({}, {}, '--config', join(root, 'none.json'), '--json');
    expect(status).toBe(1);
    const { checks } = JSON.parse(out) as { checks: { name: string; advice: string }[] };
    expect(checks.find(({ name }) => name === 'configuration')?.advice).toContain(
      '--config or LIVESTILL_CONFIG',
    );
  });

  it('shows free space in the unit that people read', async () => {
    expect(await found('disk room', {}, { freeBytes: async () => 68_126.6 * 1024 ** 2 })).toMatchObject({
      found: '66.5 GiB free',
    });
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
