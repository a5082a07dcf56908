import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findNpm, npmEnvironment, npmFetcher } from './npm.ts';
import {
  makeTarball,
  npmIn,
  operatorEnvironment,
  type StandInRegistry,
  startRegistry,
} from './test-support/registry.ts';

let registry: StandInRegistry;
let work: string;
let cache: string;
let tarball: Buffer;

beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'livestill npm '));
  cache = join(work, 'cache');
  tarball = await makeTarball({ 'package/package.json': '{"name":"net","version":"1.0.0"}' });
  registry = await startRegistry([{ name: 'net', version: '1.0.0', tarball }]);
});
afterAll(async () => {
  await registry.close();
  await rm(work, { recursive: true, force: true });
});

describe('findNpm', () => {
  const linux = { platform: 'linux', execPath: '/bin/node', exists: () => true } as const;

  it.each([
    ['/lib/npm/bin/npm-cli.js', '/lib/npm/bin/npm-cli.js'],
    ['/lib/npm/bin/npx-cli.js', '/lib/npm/bin/npm-cli.js'],
  ])('uses the npm that started this process: %s', (npm_execpath, script) => {
    expect(findNpm({ ...linux, env: { npm_execpath } })).toEqual({
      command: '/bin/node',
      args: [script],
      shell: false,
    });
  });

  it.each(['/lib/yarn/yarn.js', '/lib/pnpm/bin/pnpm.cjs', '/bin/bun', ''])(
    'takes npm from the PATH when %j started it',
    (npm_execpath) => {
      const onPath = { command: 'npm', args: [], shell: false };
      expect(findNpm({ ...linux, env: { npm_execpath } })).toEqual(onPath);
      expect(findNpm({ ...linux, env: {} })).toEqual(onPath);
    },
  );

  it('takes npm from the PATH when the one that started it is gone', () => {
    const env = { npm_execpath: '/gone/npm-cli.js' };
    expect(findNpm({ ...linux, env, exists: () => false }).command).toBe('npm');
  });

  it('on Windows prefers the script beside node, then npm.cmd in a shell', () => {
    const windows = { platform: 'win32', execPath: 'node.exe', env: {} } as const;
    expect(findNpm({ ...windows, exists: () => true })).toMatchObject({ command: 'node.exe', shell: false });
    expect(findNpm({ ...windows, exists: () => false })).toEqual({
      command: 'npm.cmd',
      args: [],
      shell: true,
    });
  });
});

describe('npmEnvironment', () => {
  it('keeps what the operator set and drops what an outer npm command left', () => {
    const kept = {
      PATH: '/bin',
      npm_config_registry: 'http://r/',
      npm_config_cache: '/c',
      npm_config_offline: 'true',
      npm_config_https_proxy: 'http://p/',
      'npm_config_//r/:_authToken': 't',
    };
    const dropped = {
      npm_config_global: 'true',
      NPM_CONFIG_DRY_RUN: 'true',
      'npm_config_dry-run': 'true',
      npm_config_json: 'false',
      npm_config_location: 'global',
      npm_config_workspaces: 'true',
      npm_config_usage: 'true',
      npm_config_loglevel: 'silly',
    };
    expect(npmEnvironment({ ...kept, ...dropped })).toEqual({ ...kept, npm_config_update_notifier: 'false' });
  });
});

describe('npmFetcher with the real npm client', () => {
  it('fetches the tarball as the registry serves it, whatever an outer npm command left in the environment', async () => {
    const left = {
      npm_config_global: 'true',
      npm_config_location: 'global',
      npm_config_dry_run: 'true',
      npm_config_json: 'false',
      npm_config_usage: 'true',
      npm_config_workspaces: 'true',
      npm_config_pack_destination: '/no/such/folder',
    };
    const env = operatorEnvironment(registry.url, cache, left);
    const file = await npmIn(env)('net@1.0.0', join(work, 'with spaces', 'one'));
    expect(file).toBe(join(work, 'with spaces', 'one', 'net-1.0.0.tgz'));
    expect((await readFile(file)).equals(tarball)).toBe(true);
  });

  it('needs no network when the npm cache has it and npm runs offline', async () => {
    await npmIn(operatorEnvironment(registry.url, cache))('net@1.0.0', join(work, 'warm'));
    const before = registry.requests.length;
    const offline = operatorEnvironment(registry.url, cache, { npm_config_offline: 'true' });
    const file = await npmIn(offline)('net@1.0.0', join(work, 'two'));
    expect((await readFile(file)).equals(tarball)).toBe(true);
    expect(registry.requests.length).toBe(before);
  });

  it('says that npm is offline and its cache empty', async () => {
    const empty = join(work, 'empty-cache');
    const offline = operatorEnvironment(registry.url, empty, { npm_config_offline: 'true' });
    await expect(npmIn(offline)('net@1.0.0', join(work, 'three'))).rejects.toMatchObject({
      reason: 'offline',
      file: 'net@1.0.0',
      found: expect.stringContaining('ENOTCACHED'),
      advice: expect.stringContaining('pull once with a network'),
    });
  });

  it('says that the registry has no such package or version', async () => {
    const env = operatorEnvironment(registry.url, cache);
    for (const spec of ['net@9.9.9', 'no-net@1.0.0'])
      await expect(npmIn(env)(spec, join(work, 'four'))).rejects.toMatchObject({
        reason: 'not_in_registry',
        file: spec,
        advice: expect.stringContaining('npm config get registry'),
      });
  });

  it('says that the registry cannot be reached', async () => {
    const dead = await startRegistry([]);
    await dead.close();
    const env = operatorEnvironment(dead.url, join(work, 'other-cache'));
    await expect(npmIn(env)('net@1.0.0', join(work, 'five'))).rejects.toMatchObject({
      reason: 'registry_unreachable',
      found: expect.stringContaining('ECONNREFUSED'),
    });
  });
});

/** A program in the place of npm, for what the real one does not do on demand. */
async function fakeNpm(script: string): Promise<ReturnType<typeof npmFetcher>> {
  const path = join(work, 'npm-cli.js');
  await writeFile(path, script);
  const env = { ...process.env, npm_execpath: path };
  return npmFetcher({ env, platform: process.platform, execPath: process.execPath, exists: () => true });
}

describe('npmFetcher when npm misbehaves', () => {
  it('says that there is no npm', async () => {
    const env = { PATH: join(work, 'nothing-here') };
    const fetch = npmFetcher({ env, platform: 'linux', execPath: process.execPath, exists: () => false });
    await expect(fetch('net@1.0.0', join(work, 'six'))).rejects.toMatchObject({
      reason: 'npm_missing',
      expected: 'the npm client on the PATH',
      found: 'no such program',
      advice: expect.stringContaining('docs/understand/models.md'),
    });
  });

  it.each([
    ['E401', 'registry_refused'],
    ['E403', 'registry_refused'],
    ['E503', 'registry_unreachable'],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'registry_unreachable'],
    ['EINTEGRITY', 'bad_tarball'],
    ['ENOSPC', 'disk_full'],
    ['EACCES', 'not_writable'],
    ['EWHATEVER', 'npm_failed'],
  ])('knows what %s means: %s', async (code, reason) => {
    const words = JSON.stringify({ error: { code, summary: 'the words of npm.' } });
    const fetch = await fakeNpm(`console.log(${JSON.stringify(words)}); process.exitCode = 1;`);
    await expect(fetch('net@1.0.0', join(work, 'seven'))).rejects.toMatchObject({
      reason,
      found: `npm said: ${code} the words of npm`,
    });
  });

  it('reads what npm wrote for people when it wrote no JSON', async () => {
    const fetch = await fakeNpm(
      `console.error('npm warn Unknown config\\nnpm error code E404\\nnpm error 404 not found'); process.exitCode = 1;`,
    );
    await expect(fetch('net@1.0.0', join(work, 'eight'))).rejects.toMatchObject({
      reason: 'not_in_registry',
      found: 'npm said: E404 404 not found',
    });
  });

  it('does not say the code twice', async () => {
    const words = JSON.stringify({
      error: { code: 'ENOSPC', summary: 'ENOSPC: no space left on device, write' },
    });
    const fetch = await fakeNpm(`console.log(${JSON.stringify(words)}); process.exitCode = 1;`);
    await expect(fetch('net@1.0.0', join(work, 'full'))).rejects.toMatchObject({
      reason: 'disk_full',
      found: 'npm said: ENOSPC: no space left on device, write',
    });
  });

  it('says so when npm ends without a word', async () => {
    const fetch = await fakeNpm('process.exitCode = 7;');
    await expect(fetch('net@1.0.0', join(work, 'nine'))).rejects.toMatchObject({
      reason: 'npm_failed',
      found: 'npm said: nothing but exit status 7',
      advice: expect.stringContaining('npm pack net@1.0.0 --dry-run'),
    });
    const killed = await fakeNpm('process.kill(process.pid, "SIGKILL");');
    await expect(killed('net@1.0.0', join(work, 'ten'))).rejects.toMatchObject({
      found: 'npm said: nothing but ended by SIGKILL',
    });
  });

  it('does not take success without a tarball for success', async () => {
    const fetch = await fakeNpm('');
    await expect(fetch('net@1.0.0', join(work, 'eleven'))).rejects.toMatchObject({
      reason: 'npm_failed',
      found: 'npm said: success, but it left 0 tarballs',
    });
  });
});
