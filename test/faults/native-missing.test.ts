import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const project = fileURLToPath(new URL('../..', import.meta.url));
/** Packages of the platform's own builds, by the folder they lie in. */
const scopes = ['@libsql', '@img'];

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'livestill-native-'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** An installation that lacks `missing`: of `@libsql` or `@img` the builds of this platform, else what is named. */
function installationWithout(missing: string): string {
  const to = join(root, missing.replace(/\W/g, '-'));
  mkdirSync(join(to, 'node_modules'), { recursive: true });
  for (const name of ['bin', 'dist', 'package.json']) {
    if (name !== missing) cpSync(join(project, name), join(to, name), { recursive: true });
  }
  for (const name of ['models', 'native']) {
    if (name !== missing) symlinkSync(join(project, name), join(to, name));
  }
  for (const name of readdirSync(join(project, 'node_modules'))) {
    const isCopied = scopes.includes(name) || ['libsql', 'sharp'].includes(name);
    if (name === missing) continue;
    // A package finds its platform's builds from where it really lies: those are copied, the rest is linked.
    if (isCopied)
      cpSync(join(project, 'node_modules', name), join(to, 'node_modules', name), { recursive: true });
    else symlinkSync(join(project, 'node_modules', name), join(to, 'node_modules', name));
  }
  return to;
}

interface Ended {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

const run = (installation: string, ...args: string[]) =>
  new Promise<Ended>((resolve) => {
    const child = execFile(
      process.execPath,
      [join(installation, 'bin', 'livestill.js'), ...args],
      { cwd: installation },
      (_error, out, err) => resolve({ status: child.exitCode ?? -1, out, err }),
    );
  });

const installed =
  /the library that .* \((?:libsql|sharp)\) cannot be loaded on .*Install again on this machine/;

describe('where a native library is missing', () => {
  it('the database library: commands say so in one line, doctor names it and goes on', async () => {
    const place = installationWithout('@libsql');
    const [data, existing] = [join(root, 'data'), join(root, 'existing')];
    mkdirSync(existing);
    writeFileSync(join(existing, 'livestill.sqlite'), 'as if it were one');
    for (const command of [
      ['app', 'create', '--data', data],
      ['app', 'list', '--data', existing],
      ['serve', '--data', data, '--port', '0', '--admin-port', '0'],
    ]) {
      const { status, err } = await run(place, ...command);
      expect([command[0], status]).toEqual([command[0], 1]);
      expect(err).toMatch(installed);
      expect(err.trim().split('\n')).toHaveLength(1);
    }
    const doctor = await run(place, 'doctor', '--data', data);
    expect(doctor.status).toBe(1);
    expect(doctor.out).toMatch(/database library +fail/);
    expect(doctor.out).toMatch(/picture library +ok +sharp \d/);
  });

  it('the picture library: judging says so in one line, also a service whose workers cannot load it', async () => {
    const place = installationWithout('@img');
    for (const command of [
      ['score', 'x.jpg'],
      ['batch', '.', '--out', join(root, 'b.ndjson')],
      ['serve', '--data', join(root, 'other'), '--port', '0', '--admin-port', '0', '--workers', '1'],
    ]) {
      const { status, err } = await run(place, ...command);
      expect([command[0], status]).toEqual([command[0], 1]);
      expect(err).toMatch(installed);
      expect(err.trim().split('\n')).toHaveLength(1);
    }
    expect((await run(place, 'doctor')).out).toMatch(/picture library +fail/);
  });

  it('the inference library: doctor fails and says what is not there', async () => {
    const { status, out } = await run(installationWithout('native'), 'doctor');
    expect(status).toBe(1);
    expect(out).toMatch(/inference library +fail .*is not there/);
  });

  it('dist, a part of it, or a package: one line says to install', async () => {
    const parted = installationWithout('nothing');
    rmSync(join(parted, 'dist', 'program'), { recursive: true });
    const places: [string, string[]][] = [
      [installationWithout('dist'), ['--help']],
      [parted, ['--help']],
      [installationWithout('sharp'), ['score', 'x.jpg']],
      [installationWithout('libsql'), ['app', 'create', '--data', join(root, 'more')]],
    ];
    for (const [place, command] of places) {
      const { status, err } = await run(place, ...command);
      expect([command[0], status]).toEqual([command[0], 1]);
      expect(err).toMatch(/is not installed whole .*run "npm ci" there\n$|Install again on this machine/);
      expect(err.trim().split('\n')).toHaveLength(1);
    }
  });
});
