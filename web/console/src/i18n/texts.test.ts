import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ADMIN_ACTIONS } from '../../../../src/ledger/admin.ts';
import { RULES } from '../../../../src/liveness/quality/rules.ts';
import { EN } from './en.ts';
import { ZH } from './zh.ts';

const src = fileURLToPath(new URL('..', import.meta.url));
const keys = Object.keys(EN) as (keyof typeof EN)[];
const holes = (text: string) => (text.match(/\{\w+\}/g) ?? []).sort();

describe('the texts of the console', () => {
  it('stand in both languages, with the same values in them', () => {
    expect(Object.keys(ZH).sort()).toEqual([...keys].sort());
    expect(keys.filter((key) => holes(EN[key]).join() !== holes(ZH[key]).join())).toEqual([]);
    expect(keys.filter((key) => EN[key].trim() === '' || ZH[key].trim() === '')).toEqual([]);
  });

  it('name every action of the admin log, and the group that it is found by', () => {
    const groups = ADMIN_ACTIONS.map((action) => action.slice(0, action.indexOf('.')));
    const wanted = [
      ...ADMIN_ACTIONS.map((action) => `adminLog.did.${action}`),
      ...groups.map((group) => `adminLog.group.${group}`),
    ];
    expect(wanted.filter((key) => !Object.hasOwn(EN, key))).toEqual([]);
    const page = readFileSync(join(src, 'pages/admin-log.tsx'), 'utf8');
    expect(groups.filter((group) => !page.includes(`'${group}'`))).toEqual([]);
  });

  it('name every measured quality component and its unit', () => {
    const wanted = RULES.flatMap(({ name, unit }) => [`quality.${name}`, `unit.${unit}`]);
    expect(wanted.filter((key) => !Object.hasOwn(EN, key))).toEqual([]);
  });

  it('are all used', () => {
    const code = readdirSync(src, { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.tsx?$/.test(file) && !file.includes('i18n') && !file.endsWith('.test.ts'))
      .map((file) => readFileSync(join(src, file), 'utf8'))
      .join('\n');
    // Texts of codes are put together from their group and the code.
    const made = [
      'verdict.',
      'review.mark.',
      'review.state.',
      'threshold.limit.',
      'problem.',
      'role.',
      'users.',
      'adminLog.',
      'member.',
      'quality.',
      'unit.',
      'step.',
      'apps.state.',
      'audit.',
      'apps.limit.',
      'apps.suspend',
      'apps.resume',
      'apps.close',
      'keys.scope.',
      'keys.overlap.',
      'policy.severalFaces.',
      'policy.poorQuality.',
      'policy.profile.',
      'policy.capture.',
      'policy.point.',
      'policy.review.',
      'doctor.check.',
      'batches.',
      'signature.',
      'stills.',
      'curve.',
      'look.',
      'activity.',
      'decisions.',
      'try.said.',
      'try.good',
      'try.warn',
      'try.bad',
    ];
    const unused = keys.filter(
      (key) => !code.includes(`'${key}'`) && !made.some((start) => key.startsWith(start)),
    );
    expect(unused).toEqual([]);
  });
});
