import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { inProject } from './support/tools.ts';

/** The variables of all settings, as the page on configuration lists them, and the one that names the file. */
const known = new Set(
  [...readFileSync(inProject('docs/reference/configuration.md'), 'utf8').matchAll(/\| `(LIVESTILL_\w+)` \|/g)]
    .map(([, name]) => name!)
    .concat('LIVESTILL_CONFIG'),
);
/** Names that a file takes for itself. */
const own: Readonly<Record<string, readonly string[]>> = { 'compose.fleet.yaml': ['LIVESTILL_PICTURES'] };

const files = readdirSync(inProject('deploy'), { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.(?:ya?ml|tpl|service|cfg)$|Dockerfile$/.test(name))
  .map((name) => [name, readFileSync(join(inProject('deploy'), name), 'utf8')] as const)
  .filter(([, text]) => text.includes('LIVESTILL_'));

describe('the variables that the files of deploy/ set', () => {
  it.each(files)('%s: are settings that there are', (name, text) => {
    const used = [...text.matchAll(/\bLIVESTILL_[A-Z_]*[A-Z]\b/g)].map(([variable]) => variable);
    expect(used.length).toBeGreaterThan(0);
    const unknown = used.filter((variable) => !known.has(variable) && !own[name]?.includes(variable));
    expect(unknown).toEqual([]);
  });

  it('are looked for in the Compose files, the unit and the chart', () => {
    const names = files.map(([name]) => name);
    for (const wanted of ['compose.yaml', 'compose.fleet.yaml', 'helm/livestill/templates/_pod.tpl'])
      expect(names).toContain(wanted);
  });
});
