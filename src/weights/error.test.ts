import { describe, expect, it } from 'vitest';
import { diskError, systemCode, WeightsError } from './error.ts';

const failed = (code: string) => Object.assign(new Error(`${code}: it failed, write`), { code });

describe('diskError', () => {
  it.each([
    ['EROFS', 'not_writable', 'a folder that can be written', /--dir/],
    ['EACCES', 'not_writable', 'a folder that can be written', /--dir/],
    ['ENOSPC', 'disk_full', 'room for about 43 MiB', /Free some space/],
    ['EDQUOT', 'disk_full', 'room for about 43 MiB', /Free some space/],
    ['EIO', 'disk_error', 'a folder that can be written', /Look at the path and the disk/],
  ])('turns %s into %s, with path, expected, found and advice', (code, reason, expected, advice) => {
    const error = diskError(failed(code), '/models', 43 * 2 ** 20) as WeightsError;
    expect(error).toMatchObject({ reason, file: '/models', expected, found: `${code}: it failed, write` });
    expect(error.advice).toMatch(advice);
    expect(error.message).toBe(`/models: expected ${expected}; found ${error.found}. ${error.advice}.`);
    expect(systemCode(error.cause)).toBe(code);
  });

  it('leaves an error of the weights, or a mistake in the program, as it is', () => {
    const problem = { reason: 'offline', file: 'f', expected: 'e', found: 'n', advice: 'a' } as const;
    const error = new WeightsError(problem);
    expect(diskError(error, '/models', 1)).toBe(error);
    const mistake = new TypeError('a mistake');
    expect(diskError(mistake, '/models', 1)).toBe(mistake);
  });
});
