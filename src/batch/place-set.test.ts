import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PlaceSet } from './place-set.ts';

describe('PlaceSet', () => {
  it('is a set of keys with a place, and of others', () => {
    const placed = fc
      .tuple(fc.integer({ min: 1, max: 20_000 }), fc.string())
      .map(([n, text]) => `${n}:${text}`);
    const odd = fc.constantFrom(
      '',
      ':',
      'a.jpg',
      '0:a',
      '01:a',
      '-1:a',
      '1.5:a',
      '99999999999999999999:a',
      '7',
    );
    const key = fc.oneof(placed, odd);
    fc.assert(
      fc.property(
        fc.uniqueArray(key, { selector: (k) => k.split(':')[0] }),
        fc.array(key),
        (keys, others) => {
          const set = new PlaceSet();
          for (const one of keys) expect(set.add(one)).toBe(true);
          for (const one of keys) expect(set.add(one)).toBe(false);
          expect(set.size).toBe(keys.length);
          for (const one of [...keys, ...others]) expect(set.has(one)).toBe(keys.includes(one));
        },
      ),
    );
  });

  it('has the last text of a place only', () => {
    const set = new PlaceSet();
    expect([set.add('5:old.jpg'), set.has('5:new.jpg'), set.add('5:new.jpg')]).toEqual([true, false, true]);
    expect([set.has('5:new.jpg'), set.has('5:old.jpg'), set.size]).toEqual([true, false, 1]);
  });

  it('holds many, in any order', () => {
    const set = new PlaceSet();
    for (let i = 30_000; i > 0; i -= 2) set.add(`${i}:pictures/${i}.jpg`);
    expect(set.size).toBe(15_000);
    for (let i = 1; i <= 30_002; i++)
      expect(set.has(`${i}:pictures/${i}.jpg`)).toBe(i % 2 === 0 && i <= 30_000);
  });
});
