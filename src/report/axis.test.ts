import { describe, expect, it } from 'vitest';
import { percentTicks, roundTicks } from './axis.ts';

describe('numbers on an axis', () => {
  it('are round and reach up to the end', () => {
    const at = (to: number) => roundTicks(0, to, 4).map((tick) => tick.at);
    expect(at(1)).toEqual([0, 0.5, 1]);
    expect(at(20_000)).toEqual([0, 5000, 10_000, 15_000, 20_000]);
    expect(at(3)).toEqual([0, 1, 2, 3]);
    expect(at(0)).toEqual([0]);
  });

  it('are written as per cent for shares', () => {
    expect(percentTicks(0, 1, 4).map((tick) => tick.text)).toEqual(['0 %', '50 %', '100 %']);
  });
});
