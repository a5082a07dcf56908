import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boundedValues, OTHER, workerNumbers } from './bounded.ts';

describe('values of a label', () => {
  it('pass as they are, up to the bound', () => {
    const bounded = boundedValues(2);
    expect(['a', 'b', 'c', 'a', 'c'].map(bounded)).toEqual(['a', 'b', OTHER, 'a', OTHER]);
  });

  it.each(['', ' ', 'a b', 'a"b', 'a\nb', 'ä', '{a}', '--', 'x'.repeat(65)])('%j is none', (value) => {
    expect(boundedValues(10)(value)).toBe(OTHER);
  });

  it.each(['queue_full', '-5802', '0', 'BLURRED', 'image:base64', 'http_404'])('%s is one', (value) => {
    expect(boundedValues(10)(value)).toBe(value);
  });

  it('are never more than the bound and the one for the rest, whatever comes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[a-z]{1,4}$/))),
        fc.integer({ min: 0, max: 20 }),
        (values, most) => {
          const seen = new Set(values.map(boundedValues(most)));
          seen.delete(OTHER);
          expect(seen.size).toBeLessThanOrEqual(most);
        },
      ),
    );
  });
});

describe('numbers of workers', () => {
  const numbered = (numbers: ReturnType<typeof workerNumbers>, ...pids: number[]) =>
    Object.fromEntries(numbers(pids));

  it('stay while a process lives, whatever its place in the list; its successor gets the number', () => {
    const numbers = workerNumbers();
    expect(numbered(numbers, 70, 71, 72)).toEqual({ 70: 1, 71: 2, 72: 3 });
    expect(numbered(numbers, 72, 71)).toEqual({ 71: 2, 72: 3 });
    expect(numbered(numbers, 71, 72, 80)).toEqual({ 71: 2, 72: 3, 80: 1 });
    expect(numbered(numbers, 80, 72, 81, 71)).toEqual({ 71: 2, 72: 3, 80: 1, 81: 4 });
  });

  it('are the first so many, each once, however processes come and go', () => {
    const pids = fc.uniqueArray(fc.integer({ min: 1, max: 30 }), { maxLength: 8 });
    fc.assert(
      fc.property(fc.array(pids), (times) => {
        const numbers = workerNumbers();
        let before: ReadonlyMap<number, number> = new Map();
        for (const now of times) {
          const found = numbers(now);
          expect(new Set(found.values()).size).toBe(now.length);
          expect(Math.max(0, ...found.values())).toBeLessThanOrEqual(8);
          for (const pid of now) if (before.has(pid)) expect(found.get(pid)).toBe(before.get(pid));
          before = found;
        }
      }),
    );
  });
});
