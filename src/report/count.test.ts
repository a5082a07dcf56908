import { describe, expect, it } from 'vitest';
import { count } from './count.ts';

describe('a number with its noun', () => {
  it('is singular for one alone', () => {
    expect([0, 1, 2, 1200].map((n) => count(n, 'picture'))).toEqual([
      '0 pictures',
      '1 picture',
      '2 pictures',
      '1,200 pictures',
    ]);
    expect(count(2, 'process', 'processes')).toBe('2 processes');
  });
});
