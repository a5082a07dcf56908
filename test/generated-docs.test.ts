import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const script = fileURLToPath(new URL('../scripts/generate-docs.mjs', import.meta.url));

it('the pages that follow from the code are up to date', () => {
  // Works on the built files, which "npm test" makes first. A stale page ends with status 1 and its name.
  expect(execFileSync(process.execPath, [script, '--check'], { encoding: 'utf8', stdio: 'pipe' })).toBe('');
});
