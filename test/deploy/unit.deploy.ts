import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { groupPhotoPath } from '../support/pictures.ts';
import { debianPackage, inProject, succeeds, why } from './support/tools.ts';

/** Mounts a copy-on-write view of this machine's root below `folder`; gives why it cannot, or null. */
function mountRoot(folder: string): string | null {
  const mounted =
    succeeds('mount', '-t', 'tmpfs', '-o', 'size=512m', 'livestill-check', folder) &&
    succeeds('mkdir', join(folder, 'upper'), join(folder, 'work'), join(folder, 'root')) &&
    succeeds(
      ...(['mount', '-t', 'overlay', '-o'] as const),
      `lowerdir=/,upperdir=${join(folder, 'upper')},workdir=${join(folder, 'work')}`,
      ...(['overlay', join(folder, 'root')] as const),
    );
  return mounted ? null : 'no overlay of the root file system can be mounted here';
}

function unmountRoot(folder: string): void {
  succeeds('umount', join(folder, 'root'));
  succeeds('umount', folder);
}

const noContainer =
  process.platform !== 'linux' || process.getuid?.() !== 0
    ? 'only root on Linux may start a container'
    : (debianPackage(() => succeeds('systemd-nspawn', '--version'), 'systemd-container') ??
      debianPackage(() => succeeds('/lib/systemd/systemd', '--version'), 'systemd'));

let folder: string;
let notMounted: string | null = null;
let facts: ReadonlyMap<string, readonly string[]>;
let said: string;

/**
 * The unit as it is, started by systemd as the first process of a container with a network of its own: a view of this machine's root,
 * with the checkout in the place where npm puts the package.
 */
beforeAll(async () => {
  if (noContainer !== null) return;
  folder = await mkdtemp(join(tmpdir(), 'livestill-unit-'));
  const [layers, out, prefix] = [join(folder, 'layers'), join(folder, 'out'), join(folder, 'prefix')];
  for (const path of [layers, out, join(prefix, 'bin'), join(prefix, 'lib/node_modules/livestill')])
    await mkdir(path, { recursive: true });
  await symlink('../lib/node_modules/livestill/bin/livestill.js', join(prefix, 'bin', 'livestill'));
  notMounted = mountRoot(layers);
  if (notMounted !== null) return;
  const units = '/etc/systemd/system';
  const binds = [
    [prefix, '/opt/livestill'],
    [inProject('.'), '/opt/livestill/lib/node_modules/livestill'],
    [process.execPath, '/usr/bin/node'],
    [inProject('deploy/systemd/livestill.service'), `${units}/livestill.service`],
    [inProject('test/deploy/unit/check.service'), `${units}/livestill-check.service`],
    [inProject('test/deploy/unit/inside.sh'), '/check/inside.sh'],
    [groupPhotoPath('sample1.jpg'), '/check/face.jpg'],
  ];
  const container = spawnSync(
    'systemd-nspawn',
    [
      ...['--quiet', '--register=no', '--keep-unit', '--private-network', '--console=pipe'],
      ...['--directory', join(layers, 'root')],
      ...binds.map(([from, to]) => `--bind-ro=${from}:${to}`),
      `--bind=${out}:/check/out`,
      ...['--boot', '--', '--unit=livestill-check.service'],
    ],
    { encoding: 'utf8', timeout: 170_000, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const lines = (await readFile(join(out, 'facts'), 'utf8').catch(() => '')).split('\n').filter(Boolean);
  const found = new Map<string, string[]>();
  for (const line of lines) {
    const at = line.indexOf('=');
    found.set(line.slice(0, at), [...(found.get(line.slice(0, at)) ?? []), line.slice(at + 1)]);
  }
  facts = found;
  const journal = await readFile(join(out, 'journal'), 'utf8').catch(() => '');
  said = `${lines.join('\n')}\n${journal}\n${container.stdout}\n${container.stderr}`.slice(-8_000);
});
afterAll(async () => {
  if (folder === undefined) return;
  unmountRoot(join(folder, 'layers'));
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
});

const one = (name: string) => facts.get(name)?.[0];

describe.skipIf(noContainer !== null)(`livestill.service under systemd${why(noContainer)}`, () => {
  it('starts, is ready, judges, reloads and ends without a failure', (context) => {
    if (notMounted !== null) return context.skip(notMounted);
    expect(facts.get('end'), said).toEqual(['yes']);
    expect([one('start'), one('ready'), one('judged')], said).toEqual(['0', '200', '200']);
    expect(one('reload')).toBe('0 active');
    expect(one('result'), said).toBe('success 0');
    const answer = JSON.parse(readFileSync(join(folder, 'out', 'first.json'), 'utf8')) as { code: number };
    expect(answer.code).toBe(0);
  });

  it('answers what was on its way when it is stopped', (context) => {
    if (notMounted !== null) return context.skip(notMounted);
    expect(one('drained'), said).toBe('200');
    const answer = JSON.parse(readFileSync(join(folder, 'out', 'last.json'), 'utf8')) as { code: number };
    expect(answer.code).toBe(0);
    const journal = readFileSync(join(folder, 'out', 'journal'), 'utf8');
    expect(journal).toContain('"event":"draining"');
    expect(journal).toContain('"event":"stopped"');
  });

  it('keeps its data to itself, and its first keys out of the journal', (context) => {
    if (notMounted !== null) return context.skip(notMounted);
    expect(one('user')).toBe('livestill');
    expect(one('data')).toBe('livestill 700');
    expect(one('keys')).toBe('livestill 600');
    expect(one('keysInJournal')).toBe('0');
  });

  it('has no rights, few system calls, a memory limit, and nothing to write but its data folder', (context) => {
    if (notMounted !== null) return context.skip(notMounted);
    expect(one('noNewPrivileges')).toBe('1');
    expect(one('seccomp')).toBe('2');
    expect(one('capabilities')).toMatch(/^0+$/);
    expect([one('MemoryMax'), one('TasksMax')]).toEqual([String(4 * 2 ** 30), '512']);
    expect([one('ProtectSystem'), one('PrivateTmp')]).toEqual(['strict', 'yes']);
    expect(facts.get('written')).toEqual(['/var/lib/livestill']);
    expect(facts.get('sees')).toBeUndefined();
  });

  it('is limited in memory by the kernel', (context) => {
    if (notMounted !== null) return context.skip(notMounted);
    // The old layout of control groups hands no memory controller to a container.
    if (one('memoryController') === 'no') return context.skip('containers have no memory controller here');
    expect(one('memoryLimit'), said).toBe(String(4 * 2 ** 30));
  });
});
