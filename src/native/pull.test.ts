import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeTarball, noise, sha256 } from '../weights/test-support/registry.ts';
import type { NativeLock } from './lock.ts';
import { pullNative, pullOwnLibrary } from './pull.ts';

const contents: Readonly<Record<string, Buffer>> = {
  'dist/a.js': noise('a', 900),
  'bin/here.so': noise('here', 9000),
  'bin/there.so': noise('there', 9),
};

let dir: string;
let lock: NativeLock;
let tarball: string;
let asked: string[];
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'livestill-library-'));
  asked = [];
  const packed = await makeTarball(
    Object.fromEntries(Object.entries(contents).map(([path, bytes]) => [`package/${path}`, bytes])),
  );
  tarball = join(dir, 'a-library-2.0.0.tgz');
  await writeFile(tarball, packed);
  const file = (path: string, platform?: string) => ({
    path,
    ...(platform === undefined ? {} : { platform }),
    size: contents[path]!.length,
    sha256: sha256(contents[path]!),
  });
  lock = {
    package: 'a-library',
    version: '2.0.0',
    licence: 'MIT',
    tarballSha256: sha256(packed),
    tarballSize: packed.length,
    files: [file('dist/a.js'), file('bin/here.so', 'linux-here'), file('bin/there.so', 'linux-there')],
  };
  await mkdir(join(dir, 'native'));
  await writeFile(join(dir, 'native', 'native.lock.json'), JSON.stringify(lock));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const fetchTarball = (spec: string) => {
  asked.push(spec);
  return Promise.resolve(tarball);
};
const own = (platform: string, from?: readonly string[]) =>
  pullOwnLibrary({
    dir: join(dir, 'native'),
    platform,
    fetchTarball,
    ...(from === undefined ? {} : { from }),
  });
const placed = async () =>
  (await readdir(join(dir, 'native', 'a-library'), { recursive: true }).catch(() => [])).sort();

describe("this platform's library, in a package that was packed for another", () => {
  beforeEach(async () => {
    await pullNative({ platforms: ['linux-there'], dir: join(dir, 'native'), fetchTarball });
    expect(await placed()).not.toContain(join('bin', 'here.so'));
    asked = [];
  });

  it('is fetched once and checked, and the other stays', async () => {
    expect(await own('linux-here')).toMatchObject({ action: 'fetched', spec: 'a-library@2.0.0' });
    expect(await placed()).toEqual(
      expect.arrayContaining([join('bin', 'here.so'), join('bin', 'there.so'), join('dist', 'a.js')]),
    );
    expect(await readFile(join(dir, 'native', 'a-library', 'bin', 'here.so'))).toEqual(
      contents['bin/here.so'],
    );
    expect((await own('linux-here')).action).toBe('kept');
    expect(asked).toEqual(['a-library@2.0.0']);
  });

  it('is replaced where its file was changed', async () => {
    await own('linux-here');
    await writeFile(join(dir, 'native', 'a-library', 'bin', 'here.so'), noise('changed', 9000));
    expect((await own('linux-here')).action).toBe('fetched');
    expect(await readFile(join(dir, 'native', 'a-library', 'bin', 'here.so'))).toEqual(
      contents['bin/here.so'],
    );
  });

  it('comes out of a tarball that was brought along, without a registry', async () => {
    const other = join(dir, 'other.whl');
    await writeFile(other, 'something else');
    expect(await own('linux-here', [other])).toMatchObject({ action: 'absent', others: [other] });
    expect(await own('linux-here', [tarball, other])).toMatchObject({ action: 'fetched', others: [other] });
    expect(asked).toEqual([]);
  });

  it('is refused where the registry serves another package under its name', async () => {
    await writeFile(tarball, await makeTarball({ 'package/bin/here.so': noise('changed', 9000) }));
    await expect(own('linux-here')).rejects.toMatchObject({ reason: 'wrong_hash' });
    expect(await placed()).not.toContain(join('bin', 'here.so'));
  });

  it('is not looked for where there is none for the platform', async () => {
    expect((await own('linux-z80')).action).toBe('no build');
    expect(asked).toEqual([]);
  });
});

it('says which file is missing where the lock is', async () => {
  await rm(join(dir, 'native', 'native.lock.json'));
  await expect(own('linux-here')).rejects.toMatchObject({
    reason: 'bad_lock',
    file: join(dir, 'native', 'native.lock.json'),
  });
});
