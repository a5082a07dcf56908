import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/faults.ts';
import { problemOf, REFUSALS } from '../../src/wire/admin/problem.ts';
import { OTHER_PROBLEMS, USAGE_PROBLEMS } from '../../src/wire/admin/problem-codes.ts';
import { PROBLEM_KINDS } from '../../src/wire/v1/problem-catalogue.ts';
import { EN } from '../../web/console/src/i18n/en.ts';
import { ZH } from '../../web/console/src/i18n/zh.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const codes = [...Object.keys(REFUSALS), ...Object.keys(USAGE_PROBLEMS), ...OTHER_PROBLEMS];

/** Where mistakes of those who ask the admin API are found. */
const AREAS = [
  'src/account',
  'src/console',
  'src/policy',
  'src/store/core',
  'src/wire/admin',
  'src/wire/v1',
  'src/jobs',
  'src/ledger',
  'src/cli/batch/submitted.ts',
];
/** Reasons in these places that only commands come to: files that exist, copies of a store. */
const OF_COMMANDS = [
  'copy_differs',
  'output_exists',
  'results',
  'input',
  'unreadable',
  'no_input',
  'archive',
];

function reasonsIn(place: string): string[] {
  const files = place.endsWith('.ts')
    ? [place]
    : readdirSync(join(root, place), { recursive: true, encoding: 'utf8' }).map((file) => join(place, file));
  const sources = files.filter((file) => file.endsWith('.ts') && !/\.test\.ts$|test-support/.test(file));
  return sources.flatMap((file) =>
    Array.from(
      readFileSync(join(root, file), 'utf8').matchAll(/(?:new UsageError|\brefuse)\(\s*'([a-z]+_[a-z_]+)'/g),
      ([, reason]) => reason ?? '',
    ),
  );
}

describe('the problems of the admin API', () => {
  it('have a text in the console, in both languages', () => {
    const lacking = codes.filter((code) => !Object.hasOwn(EN, `problem.${code}`));
    expect(lacking).toEqual([]);
    const texts = (ofLanguage: object) =>
      codes.map((code) => (ofLanguage as Record<string, string>)[`problem.${code}`]);
    expect(texts(ZH).filter((text) => !/[\u4e00-\u9fff]/.test(text ?? ''))).toEqual([]);
    expect(texts(EN).filter((text) => !/[a-z]/.test(text ?? ''))).toEqual([]);
  });

  it('are no others, and each text is of one of them', () => {
    const known = new Set([...codes, ...Object.keys(PROBLEM_KINDS)]);
    const told = Object.keys(EN).flatMap((key) =>
      key.startsWith('problem.') ? [key.slice('problem.'.length)] : [],
    );
    expect(told.filter((code) => !known.has(code))).toEqual([]);
  });

  it('name every mistake that is told apart where it is found', () => {
    const found = new Set(AREAS.flatMap(reasonsIn));
    expect(found.size).toBeGreaterThan(30);
    const told = (reason: string) => Object.hasOwn(USAGE_PROBLEMS, reason) || OF_COMMANDS.includes(reason);
    expect([...found].filter((reason) => !told(reason))).toEqual([]);
  });

  it('answer a mistake that is not told apart as a request without meaning, with what is wrong', () => {
    const { problem } = problemOf(new UsageError('something_new', 'the moon is full'), 'r');
    expect(problem).toMatchObject({ code: 'invalid_request', status: 400, detail: 'the moon is full' });
    expect(problemOf(new UsageError('toString', 'x'), 'r').problem.code).toBe('invalid_request');
  });

  it('of the v1 API have a title in both languages', () => {
    for (const [code, { title }] of Object.entries(PROBLEM_KINDS))
      expect([code, /[a-z]/.test(title.en), /[\u4e00-\u9fff]/.test(title.zh)]).toEqual([code, true, true]);
  });
});
