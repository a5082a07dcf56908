import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { withFolder } from '../contract/support/process.ts';
import { describeWhere, itWhere } from '../support/only-where.ts';
import { groupPhotoPath } from '../support/pictures.ts';
import { debianPackage, inProject, succeeds } from './support/tools.ts';

const profile = inProject('deploy/seccomp/livestill.json');
const unit = inProject('deploy/systemd/livestill.service');
/** Debian's own Python: another one on the PATH does not see Debian's packages. */
const python = '/usr/bin/python3';

const noSeccomp = debianPackage(() => succeeds(python, '-c', 'import seccomp'), 'python3-seccomp');
const noSystemd = succeeds('systemd-analyze', '--version') ? null : 'systemd is not installed';

/** Runs a command under a profile, as a container runtime does. */
const under = (file: string, command: string, ...args: string[]): SpawnSyncReturns<string> =>
  spawnSync(python, [inProject('test/deploy/under-seccomp.py'), file, command, ...args], {
    encoding: 'utf8',
  });
const confined = (command: string, ...args: string[]) => under(profile, command, ...args);

/** Judges under a profile in this process and in workers. */
async function expectJudges(file: string): Promise<void> {
  await withFolder(async (folder) => {
    const program = inProject('bin/livestill.js');
    const scored = under(file, process.execPath, program, 'score', '--json', groupPhotoPath('sample1.jpg'));
    expect(scored.status, scored.stderr).toBe(0);
    expect(scored.stdout).toContain('"verdict":"live"');

    const heic = inProject('src/picture/test-support/heic/plain.heic');
    const decoded = under(file, process.execPath, program, 'score', '--json', heic);
    expect(decoded.stdout, decoded.stderr).toMatch(/"verdict":"(?:no_face|poor_quality)"/);

    const out = join(folder, 'results.csv');
    const pictures = join(groupPhotoPath('sample1.jpg'), '..');
    const settings = ['--profile', 'fast', '--quiet'];
    const batch = under(file, process.execPath, program, 'batch', pictures, '--out', out, ...settings);
    expect(batch.status, batch.stderr).toBe(0);
    expect((await readFile(out, 'utf8')).split('\n').length).toBeGreaterThan(6);

    const made = under(file, process.execPath, program, 'app', 'create', '--data', join(folder, 'data'));
    expect(made.status, made.stderr).toBe(0);
  });
}

/** The system calls that the unit's filters leave, out of systemd's own sets. */
function systemCallsOf(unitText: string): string[] {
  const sets = new Map<string, string[]>();
  let members: string[] = [];
  for (const line of spawnSync('systemd-analyze', ['syscall-filter'], { encoding: 'utf8' }).stdout.split(
    '\n',
  )) {
    if (line.startsWith('@')) {
      members = [];
      sets.set(line.trim(), members);
    } else if (/^ +[@a-z]/.test(line)) members.push(line.trim());
  }
  const expand = (name: string): string[] =>
    name.startsWith('@') ? (sets.get(name) ?? []).flatMap(expand) : [name];
  const left = new Set<string>();
  for (const [, not, names] of unitText.matchAll(/^SystemCallFilter=(~?)(.*)$/gm)) {
    for (const call of names!.split(' ').flatMap(expand)) {
      if (not === '') left.add(call);
      else left.delete(call);
    }
  }
  return [...left];
}

describeWhere(noSeccomp === null, noSeccomp ?? '')(`deploy/seccomp/livestill.json`, () => {
  it('lets livestill judge and keep its data', () => expectJudges(profile));

  it.for([
    { name: 'a user namespace', command: ['unshare', '--user', 'true'] },
    { name: 'a network namespace', command: ['unshare', '--net', 'true'] },
    { name: 'a mount', command: ['mount', '-t', 'tmpfs', 'none', '/mnt'] },
    { name: 'a new root', command: ['chroot', '/', 'true'] },
    {
      name: 'a packet socket',
      command: [python, '-c', 'import socket; socket.socket(socket.AF_PACKET, socket.SOCK_RAW)'],
    },
    {
      name: 'a look at another process',
      command: [python, '-c', 'import ctypes, sys; sys.exit(ctypes.CDLL(None).ptrace(0, 0, 0, 0) != 0)'],
    },
  ])('refuses $name', ({ command: [program, ...args] }) => {
    expect(confined('true').status).toBe(0);
    expect(confined(program!, ...args).status).not.toBe(0);
  });
});

describeWhere(noSystemd === null, noSystemd ?? '')(`deploy/systemd/livestill.service`, () => {
  it('is understood in full by systemd, and leaves little open', () => {
    const verified = spawnSync('systemd-analyze', ['verify', '--man=no', unit], { encoding: 'utf8' });
    const complaints = verified.stderr.split('\n').filter((line) => line.includes('livestill.service'));
    // Where livestill is not installed in /opt, there is no such program: that is no fault of the file.
    expect(complaints.filter((line) => !/is not executable|No such file/.test(line))).toEqual([]);

    const { stdout } = spawnSync('systemd-analyze', ['security', '--offline=true', unit], {
      encoding: 'utf8',
    });
    const exposure = Number(/exposure level for livestill\.service: ([\d.]+)/.exec(stdout)?.[1]);
    expect(exposure).toBeLessThan(2);
  });

  itWhere(noSeccomp === null, noSeccomp ?? '')(`lets livestill judge and keep its data`, () =>
    withFolder(async (folder) => {
      const names = systemCallsOf(await readFile(unit, 'utf8'));
      expect(names).toContain('openat');
      expect(names).not.toContain('mount');
      const file = join(folder, 'profile.json');
      const syscalls = [{ names, action: 'SCMP_ACT_ALLOW' }];
      await writeFile(file, JSON.stringify({ defaultErrnoRet: 1, syscalls }));
      await expectJudges(file);
    }),
  );
});
