import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KeySet } from './key-set.ts';

describe('KeySet', () => {
  it('is a set', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), fc.array(fc.string()), (texts, others) => {
        const set = new KeySet();
        const model = new Set<string>();
        for (const text of texts) {
          expect(set.add(text)).toBe(!model.has(text));
          model.add(text);
        }
        expect(set.size).toBe(model.size);
        for (const text of [...texts, ...others]) expect(set.has(text)).toBe(model.has(text));
      }),
    );
  });

  it('keeps its members as it grows', () => {
    const set = new KeySet(10);
    for (let i = 0; i < 20_000; i++) set.add(`${i}:pictures/${i}.jpg`);
    expect(set.size).toBe(20_000);
    for (let i = 0; i < 20_000; i++) expect(set.has(`${i}:pictures/${i}.jpg`)).toBe(true);
    expect(set.has('20000:pictures/20000.jpg')).toBe(false);
  });
});
