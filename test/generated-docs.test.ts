import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { inChinese } from '../scripts/configuration.zh-CN.mjs';

const script = fileURLToPath(new URL('../scripts/generate-docs.mjs', import.meta.url));

it('the pages that follow from the code are up to date', () => {
  // Works on the built files, which "npm test" makes first. A stale page ends with status 1 and its name.
  expect(execFileSync(process.execPath, [script, '--check'], { encoding: 'utf8', stdio: 'pipe' })).toBe('');
});

describe('the Chinese page of settings', () => {
  it('has the text of a setting, its bounds and its unit', () => {
    const setting = { key: 'timeouts.headersMs', expected: 'a whole number from 1 to 9 or null' };
    expect(inChinese({ ...setting, notes: { unit: 'ms' } })).toEqual({
      expected: '整数，1 到 9，或 null（毫秒）',
      does: '等待请求头的时间。',
    });
  });

  it.each([
    ['no text', { key: 'made.up', expected: 'text', notes: {} }, 'made.up'],
    ['bounds in new words', { key: 'port', expected: 'a prime', notes: {} }, 'a prime'],
    ['a new unit', { key: 'port', expected: 'text', notes: { unit: 'feet' } }, 'feet'],
  ])('refuses a setting with %s, naming what is missing', (_, setting, named) => {
    expect(() => inChinese(setting)).toThrow(named);
  });
});
