import { describe, expect, it } from 'vitest';
import { connectionLimits, openFilesLimit } from './connection-limits.ts';

describe('connectionLimits', () => {
  it.each([
    ['nothing: three quarters of the open files', null, null, 1024, 768, 384],
    ['nothing, many open files: 10 000', null, null, 1_048_576, 10_000, 5000],
    ['nothing, as many open files as it likes', null, null, null, 10_000, 5000],
    ['nothing, hardly any open files', null, null, 8, 16, 8],
    ['a number in all', 300, null, 1024, 300, 150],
    ['both', 300, 20, 1024, 300, 20],
    ['more from one address than in all', 300, 2000, 1024, 300, 300],
    ['one', 1, null, 1024, 1, 1],
  ])('configured: %s', (_name, max, maxPerAddress, openFiles, all, each) => {
    expect(connectionLimits({ max, maxPerAddress }, openFiles)).toEqual({
      maxConnections: all,
      maxConnectionsPerAddress: each,
    });
  });
});

describe('openFilesLimit', () => {
  const table = (soft: string) =>
    `Limit                     Soft Limit           Hard Limit           Units     \nMax processes             7   8   processes \nMax open files            ${soft}                 20000                files     \n`;

  it('is the soft limit', () => expect(openFilesLimit(() => table('4096'))).toBe(4096));
  it('is null where there is none', () => expect(openFilesLimit(() => table('unlimited'))).toBe(null));
  it('is 1024 where the system does not tell', () => {
    expect(openFilesLimit(() => 'something else')).toBe(1024);
    const missing = () => {
      throw new Error('ENOENT');
    };
    expect(openFilesLimit(missing)).toBe(1024);
  });
  it('is a number or null on this machine', () => expect(openFilesLimit()).not.toBe(Number.NaN));
});
