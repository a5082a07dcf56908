import { spawnSync } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { debianProgram, inProject, why } from './support/tools.ts';

const promtool = debianProgram('prometheus', 'usr/bin/promtool');
const rules = inProject('deploy/prometheus/livestill.rules.yaml');

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'livestill-rules-'));
  try {
    await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

describe.skipIf(promtool.path === null)(`the alert rules, by promtool${why(promtool.reason)}`, () => {
  const run = (...args: readonly string[]) => spawnSync(promtool.path!, args, { encoding: 'utf8' });

  it('are accepted', () => {
    const { status, stdout, stderr } = run('check', 'rules', '--lint=all', '--lint-fatal', rules);
    expect(status, stdout + stderr).toBe(0);
    expect(stdout).toMatch(/SUCCESS: \d\d rules found/);
  });

  it('fire when they should, and only then', () =>
    inFolder(async (folder) => {
      await copyFile(rules, join(folder, 'livestill.rules.yaml'));
      const tests = join(folder, 'alerts.yaml');
      await copyFile(inProject('test/deploy/prometheus/alerts.yaml'), tests);
      const { status, stdout, stderr } = run('test', 'rules', tests);
      expect(status, stdout + stderr).toBe(0);
    }));

  it('and the expressions of the dashboard are PromQL', () =>
    inFolder(async (folder) => {
      const text = await readFile(inProject('deploy/grafana/livestill.json'), 'utf8');
      const { panels } = JSON.parse(text) as { panels: { targets?: { expr: string }[] }[] };
      const expressions = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
      expect(expressions.length).toBeGreaterThan(30);
      const filled = expressions.map((expr) =>
        expr
          .replaceAll('$__rate_interval', '5m')
          .replaceAll('$job', 'livestill')
          .replaceAll('$instance', '.*'),
      );
      const recorded = filled.map((expr, at) => ({ record: `panel:${at}`, expr }));
      const file = join(folder, 'dashboard.yaml');
      await writeFile(file, JSON.stringify({ groups: [{ name: 'dashboard', rules: recorded }] }));
      const { status, stdout, stderr } = run('check', 'rules', file);
      expect(status, stdout + stderr).toBe(0);
    }));
});
