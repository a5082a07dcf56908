import { spawnSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeWhere } from '../../test/support/only-where.ts';
import { pipEnvironment, pipFetcher } from './pip.ts';
import { makePackage, pipOperator, type StandInIndex, startIndex } from './test-support/wheels.ts';

const wheel = makePackage('net_pair', '1.2.3', { 'net_pair/one.pth': 'numbers' });
const hasPip = spawnSync('python3', ['-m', 'pip', '--version']).status === 0;

let work: string;
let index: StandInIndex;
let folders = 0;
beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'livestill pip '));
  index = await startIndex('net-pair', '1.2.3', wheel);
});
afterAll(async () => {
  await index.close();
  await rm(work, { recursive: true, force: true });
});

const into = () => join(work, `into ${folders++}`);
const fetcher = (env: NodeJS.ProcessEnv) => pipFetcher({ env, platform: 'linux' });

/** A folder with a stand-in for a program, in place of all others. */
async function pathWith(name: string, script: string): Promise<string> {
  const folder = await mkdtemp(join(work, 'bin-'));
  await writeFile(join(folder, name), `#!${process.execPath}\n${script}`);
  await chmod(join(folder, name), 0o755);
  return folder;
}

describeWhere(hasPip, 'needs pip')('pipFetcher with the real pip', () => {
  it("fetches the wheel alone from the operator's index, and nothing that it depends on", async () => {
    const path = await fetcher(pipOperator(index.url))('net-pair@1.2.3', into());
    expect(basename(path)).toBe('net_pair-1.2.3-py3-none-any.whl');
    expect((await readFile(path)).equals(wheel)).toBe(true);
    expect(index.requests.filter((asked) => asked.includes('never-there'))).toEqual([]);
  });

  it('says that the index lacks the package', async () => {
    await expect(fetcher(pipOperator(index.url))('net-pair@9.9.9', into())).rejects.toMatchObject({
      name: 'WeightsError',
      reason: 'not_in_registry',
      file: 'net-pair@9.9.9',
      advice: expect.stringContaining('livestill models pull --from'),
    });
  });

  it('says that the index cannot be reached', async () => {
    const nobody = pipOperator('http://127.0.0.1:9/simple/');
    await expect(fetcher(nobody)('net-pair@1.2.3', into())).rejects.toMatchObject({
      reason: 'registry_unreachable',
      advice: expect.stringContaining('index-url, proxy and cert'),
    });
  });

  it('is not led astray by a module of the name in the folder it is called from', async () => {
    const folder = into();
    await mkdir(folder);
    await writeFile(join(folder, 'pip.py'), 'raise SystemExit("the wrong pip")');
    const before = process.cwd();
    process.chdir(folder);
    try {
      await expect(fetcher(pipOperator(index.url))('net-pair@1.2.3', into())).resolves.toMatch(/\.whl$/);
    } finally {
      process.chdir(before);
    }
  });
});

describeWhere(process.platform !== 'win32', 'needs a POSIX system')('pipFetcher', () => {
  const say = (words: string, status: number) =>
    `console.error(${JSON.stringify(words)}); process.exit(${status});`;

  it('says what to do where there is no Python', async () => {
    const PATH = await pathWith('something-else', '');
    await expect(fetcher({ PATH })('net@1.0.0', into())).rejects.toMatchObject({
      reason: 'pip_missing',
      found: 'no program python3, no program python',
      advice: expect.stringMatching(/nothing of it is needed to run.*livestill models pull --from FILE\.whl/),
    });
  });

  it('says what to do where Python has no pip', async () => {
    const PATH = await pathWith('python3', say('/bin/python3: No module named pip', 1));
    await expect(fetcher({ PATH })('net@1.0.0', into())).rejects.toMatchObject({
      reason: 'pip_missing',
      found: 'python3 without pip, no program python',
    });
  });

  it('starts nothing where npm runs offline', async () => {
    const marker = join(work, 'started');
    const PATH = await pathWith('python3', `require('node:fs').writeFileSync(${JSON.stringify(marker)}, '')`);
    await expect(fetcher({ PATH, npm_config_offline: 'true' })('net@1.0.0', into())).rejects.toMatchObject({
      reason: 'offline',
    });
    await expect(readFile(marker)).rejects.toThrow('ENOENT');
  });

  it.each([
    ['ERROR: HTTP error 403 Client Error: Forbidden for url', 'registry_refused'],
    [
      "WARNING: Retrying after connection broken by 'ProxyError('Cannot connect to proxy.')'\nERROR: No matching distribution found",
      'registry_unreachable',
    ],
    ['ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device', 'disk_full'],
    ['ERROR: something that nobody foresaw', 'pip_failed'],
  ])('takes %j for %s', async (words, reason) => {
    const PATH = await pathWith('python3', say(words, 1));
    await expect(fetcher({ PATH })('net@1.0.0', into())).rejects.toMatchObject({
      reason,
      found: expect.stringMatching(/^pip said: \w/),
    });
  });

  it('does not take success without a wheel for a wheel', async () => {
    const PATH = await pathWith('python3', 'process.exit(0)');
    await expect(fetcher({ PATH })('net@1.0.0', into())).rejects.toMatchObject({ reason: 'pip_failed' });
  });
});

describe('pipEnvironment', () => {
  it('keeps what says where from, and drops what would fetch something else or put it elsewhere', () => {
    const kept = {
      PATH: '/bin',
      PIP_INDEX_URL: 'http://i/',
      PIP_EXTRA_INDEX_URL: 'http://e/',
      PIP_PROXY: 'http://p/',
      PIP_CERT: '/c.pem',
      PIP_CACHE_DIR: '/k',
    };
    const dropped = {
      PIP_NO_BINARY: ':all:',
      PIP_TARGET: '/t',
      PIP_DEST: '/d',
      PIP_REQUIRE_HASHES: '1',
      PIP_PLATFORM: 'win32',
      pip_python_version: '2.7',
    };
    expect(pipEnvironment({ ...kept, ...dropped, PIP_REQUIRE_VIRTUALENV: '1' })).toEqual({
      ...kept,
      PIP_REQUIRE_VIRTUALENV: '0',
      PIP_NO_INPUT: '1',
    });
  });
});
