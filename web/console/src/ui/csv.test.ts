import { describe, expect, it } from 'vitest';
import { csvOf } from './csv.ts';

describe('numbers as CSV', () => {
  it('quote what has a comma, a quote or a line end, and keep formulas from being run', () => {
    expect(
      csvOf(
        ['a', 'b'],
        [
          ['x,y', 1],
          ['say "no"\n', null],
          ['=1+1', -2],
        ],
      ),
    ).toBe('a,b\r\n"x,y",1\r\n"say ""no""\n",\r\n\'=1+1,-2\r\n');
  });
});
