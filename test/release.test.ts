import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const project = fileURLToPath(new URL('..', import.meta.url));
const files = [
  'package.json',
  'package-lock.json',
  'CHANGELOG.md',
  'docs/reference/openapi.json',
  'deploy/helm/livestill/Chart.yaml',
];
const { version } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as { version: string };

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'livestill-release-'));
  for (const file of files) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    cpSync(join(project, file), join(root, file));
  }
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** Puts one text in place of another that is there. */
function change(file: string, from: string | RegExp, to: string): void {
  const text = readFileSync(join(root, file), 'utf8');
  const changed = text.replace(from, to);
  expect(changed, `${file} has ${from}`).not.toBe(text);
  writeFileSync(join(root, file), changed);
}

function check(...args: readonly string[]) {
  const program = join(project, 'scripts/release-check.mjs');
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, '--root', root, ...args], {
    encoding: 'utf8',
  });
  return { status, said: stdout + stderr };
}

/** Names an owner of the repository. */
function publishedBy(owner: string): void {
  const text = readFileSync(join(root, 'package.json'), 'utf8');
  const filled = text.replace(/github\.com\/[\w.-]+\/livestill/g, `github.com/${owner}/livestill`);
  writeFileSync(join(root, 'package.json'), filled);
}

/** Dates the newest section of the changelog. */
function dated(day: string): void {
  const text = readFileSync(join(root, 'CHANGELOG.md'), 'utf8');
  writeFileSync(join(root, 'CHANGELOG.md'), text.replace(/^## (\S+) \([^)]*\)/m, `## $1 (${day})`));
}

describe('the version', () => {
  it('is stated alike in package, lock, documents, chart and changelog', () => {
    expect(check('--development')).toEqual({ status: 0, said: `${version} is stated alike everywhere\n` });
  });

  it.each([
    ['package-lock.json', /"version": "[^"]+"/, '"version": "9.9.9"', 'package-lock.json: expected version'],
    [
      'docs/reference/openapi.json',
      /"version": "[^"]+"/,
      '"version": "9.9.9"',
      'docs/reference/openapi.json',
    ],
    ['deploy/helm/livestill/Chart.yaml', /^version: .*/m, 'version: 9.9.9', 'Chart.yaml, version'],
    ['deploy/helm/livestill/Chart.yaml', /^appVersion: .*/m, 'appVersion: 9.9.9', 'Chart.yaml, appVersion'],
    ['CHANGELOG.md', /^## \S+ /m, '## 9.9.9 ', 'CHANGELOG.md: expected the newest section'],
    ['package.json', /"version": "[^"]+"/, '"version": "next"', 'expected a version such as 1.2.3'],
    ['package.json', '/livestill/issues', '/other/issues', 'have to name one repository'],
  ])('%s: one that differs is found (%s)', (file, from, to, message) => {
    change(file, from, to);
    const { status, said } = check('--development');
    expect(status).toBe(1);
    expect(said).toContain(message);
  });
});

describe('a release', () => {
  it('goes through with a date and the publisher filled in, and hands the notes out', () => {
    publishedBy('faces');
    dated('2027-01-31');
    const notes = join(root, 'notes.md');
    const done = check('--tag', `v${version}`, '--repository', 'Faces/livestill', '--notes', notes);
    expect(done).toEqual({ status: 0, said: `${version} can be released\n` });
    const text = readFileSync(notes, 'utf8');
    expect(text).toMatch(/^### /);
    expect(text).not.toMatch(/^## /m);
  });

  it('is refused with every reason at once, and writes no notes', () => {
    change('package.json', /"repository": \{[^}]*\}/, '"repository": { "type": "git", "url": "x" }');
    dated('soon');
    const notes = join(root, 'notes.md');
    const { status, said } = check('--tag', 'v9.9.9', '--notes', notes);
    expect(status).toBe(1);
    expect(said.trim().split('\n')).toHaveLength(3);
    expect(() => readFileSync(notes)).toThrow('ENOENT');
  });

  it('is refused while the placeholder stands, and from another repository', () => {
    dated('2027-01-31');
    publishedBy('PUBLISHER');
    expect(check().said).toContain('in place of PUBLISHER');
    publishedBy('faces');
    expect(check('--repository', 'somebody/else').said).toContain('npm refuses a provenance from another');
  });
});
