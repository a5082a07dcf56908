import { describe, expect, it } from 'vitest';
import { borrow, giveBack } from './scratch.ts';

describe('scratch arrays', () => {
  it('never lends one array to two', () => {
    const held = Array.from({ length: 10 }, () => borrow(1001));
    expect(new Set(held.map((a) => a.buffer)).size).toBe(10);
    for (const array of held) giveBack(array);
    const again = Array.from({ length: 10 }, () => borrow(1001));
    expect(new Set(again.map((a) => a.buffer)).size).toBe(10);
  });

  it('uses what was given back again, for any length up to the capacity', () => {
    const first = borrow(300, 777);
    giveBack(first);
    const second = borrow(776, 777);
    expect(second.buffer).toBe(first.buffer);
    expect(second.length).toBe(776);
  });

  it('gives room where a length exceeds its capacity', () => {
    expect(borrow(20, 10).length).toBe(20);
  });
});
