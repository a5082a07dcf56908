import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { EN_DOCTOR } from '../../web/console/src/i18n/pages/doctor.ts';

const folder = fileURLToPath(new URL('../../src/doctor', import.meta.url));
/** Names that checks are made with: `ok('clock', …)`, `const name = 'clock'`. */
const NAMES = /(?:\b(?:ok|warn|fail)\(\s*|\b(?:name|NAME) = )'([^']+)'/g;

it('every check of the doctor has a name in the console', () => {
  const sources = readdirSync(folder).filter((file) => file.endsWith('.ts') && !file.includes('.test.'));
  const names = new Set(
    sources.flatMap((file) =>
      [...readFileSync(`${folder}/${file}`, 'utf8').matchAll(NAMES)].map(([, name]) => name),
    ),
  );
  expect(names.size).toBeGreaterThan(15);
  const texts = Object.keys(EN_DOCTOR);
  expect([...names].filter((name) => !texts.includes(`doctor.check.${name}`))).toEqual([]);
});
