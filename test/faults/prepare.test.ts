import { type ChildProcess, spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { NativeLock } from '../../src/native/lock.ts';
import type { WeightsLock } from '../../src/weights/index.ts';
import {
  makeTarball,
  noise,
  operatorEnvironment,
  type StandInPackage,
  type StandInRegistry,
  sha256,
  startRegistry,
  threeWeights,
} from '../../src/weights/test-support/registry.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

let packages: StandInPackage[];
let lock: WeightsLock;
let native: NativeLock;
let registry: StandInRegistry;
let work: string;
let clone: string;

beforeAll(async () => {
  ({ packages, lock } = await threeWeights());
  let library: StandInPackage;
  ({ library, native } = await standInLibrary());
  packages.push(library);
});
beforeEach(async () => {
  registry = await startRegistry(packages);
  work = await mkdtemp(join(tmpdir(), 'livestill-prepare-'));
  clone = join(work, 'a clone with spaces');
  await mkdir(join(clone, 'models'), { recursive: true });
  for (const folder of ['weights', 'native', 'files', 'report'])
    await cp(join(ROOT, 'src', folder), join(clone, 'src', folder), {
      recursive: true,
      filter: (path) => !/\.test\.ts$|test-support/.test(path),
    });
  await mkdir(join(clone, 'native'));
  await writeFile(join(clone, 'native', 'native.lock.json'), JSON.stringify(native));
  for (const file of ['tsconfig.json', 'tsconfig.build.json', 'scripts/prepare.mjs'])
    await cp(join(ROOT, file), join(clone, file));
  await writeFile(join(clone, 'package.json'), '{"name":"a-clone","version":"0.0.0","type":"module"}');
  await writeFile(join(clone, 'models', 'weights.lock.json'), JSON.stringify(lock));
  await install('all');
});
afterEach(async () => {
  await registry.close();
  await rm(work, { recursive: true, force: true });
});

/** A library of one file for all platforms, one for this machine and one for another. */
async function standInLibrary(): Promise<{ library: StandInPackage; native: NativeLock }> {
  const own = `${process.platform}-${process.arch}`;
  const contents = {
    'dist/a.js': noise('a', 900),
    'bin/own.so': noise('own', 9000),
    'bin/b.so': noise('b', 9),
  };
  const tarball = await makeTarball({
    'package/package.json': '{"name":"a-library","version":"2.0.0","scripts":{"postinstall":"exit 1"}}',
    ...Object.fromEntries(Object.entries(contents).map(([path, bytes]) => [`package/${path}`, bytes])),
  });
  const file = (path: keyof typeof contents, platform?: string) => ({
    path,
    ...(platform === undefined ? {} : { platform }),
    size: contents[path].length,
    sha256: sha256(contents[path]),
  });
  const files = [file('dist/a.js'), file('bin/own.so', own), file('bin/b.so', 'linux-z80')];
  const named = { package: 'a-library', version: '2.0.0', licence: 'MIT' };
  return {
    library: { name: 'a-library', version: '2.0.0', tarball },
    native: { ...named, tarballSha256: sha256(tarball), tarballSize: tarball.length, files },
  };
}

/** Puts the dependencies in place: all, or only what a production install has of them. */
async function install(which: 'all' | 'production'): Promise<void> {
  const modules = join(clone, 'node_modules');
  await rm(modules, { recursive: true, force: true });
  if (which === 'all') return symlink(join(ROOT, 'node_modules'), modules, 'junction');
  await mkdir(modules);
  await symlink(join(ROOT, 'node_modules', 'tar'), join(modules, 'tar'), 'junction');
}

interface Ended {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

function prepare(more: Record<string, string> = {}): { child: ChildProcess; ended: Promise<Ended> } {
  const env = operatorEnvironment(registry.url, join(work, 'cache'), more);
  const child = spawn(process.execPath, [join(clone, 'scripts', 'prepare.mjs')], { cwd: clone, env });
  const ended = new Promise<Ended>((done) => {
    const said = { out: '', err: '' };
    child.stdout.on('data', (chunk) => {
      said.out += chunk;
    });
    child.stderr.on('data', (chunk) => {
      said.err += chunk;
    });
    child.once('close', (status) => done({ status, ...said }));
  });
  return { child, ended };
}

const weightFiles = async () =>
  (await readdir(join(clone, 'models'))).filter((name) => name.endsWith('.onnx'));
const workFolders = async () => (await readdir(join(clone, 'models'))).filter((name) => name.startsWith('.'));
const own = `${process.platform}-${process.arch}`;
const line = (built: string, weights: number, library: number, platforms = own) =>
  `livestill: ${built}; 2 files of a-library@2.0.0 for ${platforms} in native/ verified, ${library} of them fetched now; ` +
  `3 weight files in models/ verified, ${weights} of them fetched now\n`;
const libraryFiles = async () =>
  (await readdir(join(clone, 'native', 'a-library'), { recursive: true }))
    .filter((name) => /\.\w+$/.test(name))
    .sort();

describe('npm prepare in a clone', () => {
  it('builds without leaving stale files, fetches the weights once, and says so in one line', async () => {
    await mkdir(join(clone, 'dist'));
    await writeFile(join(clone, 'dist', 'stale.js'), '');
    expect(await prepare().ended).toEqual({ status: 0, out: line('built dist/', 3, 2), err: '' });
    expect((await readdir(join(clone, 'dist'))).sort()).toEqual(['files', 'native', 'report', 'weights']);
    expect(await weightFiles()).toHaveLength(3);

    const asked = registry.requests.length;
    expect(await prepare().ended).toEqual({ status: 0, out: line('built dist/', 0, 0), err: '' });
    expect(registry.requests).toHaveLength(asked);
  });

  it('works without development dependencies when dist/ is there, and says what to do when it is not', async () => {
    await install('production');
    const refused = await prepare().ended;
    expect(refused).toMatchObject({ status: 1, out: '' });
    expect(refused.err).toMatch(
      /^livestill: dist\/ is missing and TypeScript is neither installed .*--omit=dev/,
    );

    await install('all');
    await prepare().ended;
    await install('production');
    expect(await prepare().ended).toEqual({ status: 0, out: line('dist/ as it was', 0, 0), err: '' });
  });

  it('brings this platform alone into a clone, those of the package when npm packs, and those that are named', async () => {
    await prepare().ended;
    expect(await libraryFiles()).toEqual([join('bin', 'own.so'), join('dist', 'a.js'), 'package.json']);
    const manifest = JSON.parse(await readFile(join(clone, 'native', 'a-library', 'package.json'), 'utf8'));
    expect(manifest).toEqual({
      name: 'a-library',
      version: '2.0.0',
      license: 'MIT',
      private: true,
      type: 'commonjs',
    });

    expect((await prepare({ PACK_PLATFORMS: 'linux-z80' }).ended).out).toBe(
      line('built dist/', 0, 1, 'linux-z80'),
    );
    expect(await libraryFiles()).toEqual([join('bin', 'b.so'), join('dist', 'a.js'), 'package.json']);

    const unknown = await prepare({ PACK_PLATFORMS: 'amiga' }).ended;
    expect(unknown.status).toBe(1);
    expect(unknown.err).toContain('PACK_PLATFORMS: expected names out of');
  });

  it('replaces a file of the library that was changed, and refuses another package under its name', async () => {
    await prepare().ended;
    const file = join(clone, 'native', 'a-library', 'bin', 'own.so');
    await writeFile(file, noise('changed', 9000));
    expect((await prepare().ended).out).toBe(line('built dist/', 0, 1));
    expect(await readFile(file)).toEqual(noise('own', 9000));

    await rm(file);
    await registry.close();
    const tarball = await makeTarball({ 'package/bin/own.so': noise('changed', 9000) });
    registry = await startRegistry([
      ...packages.filter((p) => p.name !== 'a-library'),
      { name: 'a-library', version: '2.0.0', tarball },
    ]);
    const { status, err } = await prepare({ npm_config_cache: join(work, 'another cache') }).ended;
    expect(status).toBe(1);
    expect(err).toContain('tarball of a-library@2.0.0: expected sha256');
    expect(await libraryFiles()).toEqual([join('dist', 'a.js'), 'package.json']);
  });

  it('fails with the messages of the compiler when the build fails', async () => {
    await writeFile(join(clone, 'src', 'wrong.ts'), 'export const wrong: number = "text";\n');
    const { status, out, err } = await prepare().ended;
    expect(status).toBe(1);
    expect(out).toContain('wrong.ts');
    expect(err).toContain('the build failed');
    expect(await weightFiles()).toEqual([]);
  });

  it('fails with a clear message when npm is offline and has never fetched what is needed', async () => {
    const { status, err } = await prepare({ npm_config_offline: 'true' }).ended;
    expect(status).toBe(1);
    expect(err).toMatch(
      /^livestill: the inference library and the weights are not in place\. a-library@2\.0\.0: expected .*ENOTCACHED/,
    );
    expect(err.trimEnd().split('\n')).toHaveLength(1);
  });

  it('works offline once the npm cache is warm', async () => {
    await prepare().ended;
    for (const file of await weightFiles()) await rm(join(clone, 'models', file));
    const asked = registry.requests.length;
    const offline = await prepare({ npm_config_offline: 'true' }).ended;
    expect(offline).toEqual({ status: 0, out: line('built dist/', 3, 0), err: '' });
    expect(registry.requests).toHaveLength(asked);
  });

  it('killed in the middle of a download leaves no file under a final name; the next run cleans up', async () => {
    registry.packages = packages.map((one) => ({ ...one, stall: one.name !== 'a-library' }));
    const { child, ended } = prepare();
    await expect
      .poll(() => registry.requests.some((path) => /^(?!.*a-library).*\.tgz$/.test(path)), {
        timeout: 30_000,
      })
      .toBe(true);
    child.kill('SIGKILL');
    await ended;
    expect(await weightFiles()).toEqual([]);
    expect(await workFolders()).toHaveLength(1);

    await registry.close();
    registry = await startRegistry(packages);
    expect(await prepare().ended).toEqual({ status: 0, out: line('built dist/', 3, 0), err: '' });
    expect(await weightFiles()).toHaveLength(3);
    expect(await workFolders()).toEqual([]);
  });
});
