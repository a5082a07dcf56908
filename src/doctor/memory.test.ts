import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkMemory } from './memory.ts';

describe('the check of the memory', () => {
  it('finds nothing wrong with what is chosen by default, from 1.5 GB on', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1536 * 1024 ** 2, max: 2 ** 41 }),
        fc.integer({ min: 1, max: 256 }),
        (bytes, cores) => {
          const found = checkMemory({ workers: null, workerMemoryMb: null }, { memoryBytes: bytes, cores });
          expect(found.status).toBe('ok');
        },
      ),
    );
  });
});
