import { readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { expressionsOf } from './support/expressions.ts';

const src = fileURLToPath(new URL('../src', import.meta.url));

describe('expressions', () => {
  it('are all linear: none in the sources can be made slow by the text it is given', () => {
    const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter(
      (file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !file.includes(`test-support${sep}`),
    );
    let count = 0;
    const slow: string[] = [];
    for (const file of files) {
      const found = expressionsOf(readFileSync(join(src, file), 'utf8'));
      count += found.count;
      for (const { expression, why } of found.slow) slow.push(`${file}: ${expression} (${why})`);
    }
    expect(slow).toEqual([]);
    expect(count).toBeGreaterThan(100);
  });
});

describe('the check of expressions', () => {
  const why = (source: string) => expressionsOf(source).slow.map((one) => one.why);

  it.each([
    ['a run that is looked for at the end', 'text.replace(/=+$/, "")', 'Move'],
    ['anything up to the end', 'text.replace(/%.*$/, "")', 'Move'],
    ['two runs of the same letters', 'const e = /^a*[ab]*$/;', 'Trade'],
    ['a run of runs', 'const e = /^(?:a+)+$/;', 'Self'],
    ['one from literal text', 'new RegExp("=+$")', 'Move'],
    ['one made at run time', 'new RegExp(prefix + end)', 'made at run time'],
  ])('finds %s', (_what, source, expected) => expect(why(source)).toEqual([expected]));

  it.each(['/^[a-z]+$/', '/=$/', '/[\\r\\n]+/g', '/^https?:\\/\\/[^/?]*/i'])('lets %s pass', (expression) =>
    expect(why(`const e = ${expression};`)).toEqual([]),
  );
});
