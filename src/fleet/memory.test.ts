import { totalmem } from 'node:os';
import { describe, expect, it } from 'vitest';
import { availableCores } from './cores.ts';
import { availableMemory, bodyMemoryFor, fleetSize, workerMemoryFor, workersFor } from './memory.ts';

const GB = 1024 ** 3;
const MB = 1024 ** 2;

describe('memory', () => {
  it.each([
    ['no limit', undefined, 8 * GB],
    ['no limit, said as 0', 0, 8 * GB],
    ['no limit, said as more than there is', 2 ** 63, 8 * GB],
    ['a control group', 2 * GB, 2 * GB],
  ])('%s', (_name, constrained, expected) => {
    expect(availableMemory(8 * GB, constrained as number)).toBe(expected);
  });

  it('of this machine is no more than it has', () => {
    expect(availableMemory()).toBeGreaterThan(0);
    expect(availableMemory()).toBeLessThanOrEqual(totalmem());
  });

  it.each([
    ['a large machine: one a processor, with the most that helps', 16, 64 * GB, 16, 2048],
    ['a middling one: one a processor, in equal shares', 4, 8 * GB, 4, 1768],
    ['little memory: fewer workers, each with enough for a large picture', 8, 2 * GB, 2, 772],
    ['hardly any: one', 4, GB / 2, 1, 768],
  ])('%s', (_name, cores, memory, workers, mb) => {
    expect(workersFor(cores, memory)).toBe(workers);
    expect(Math.round(workerMemoryFor(workers, memory) / MB)).toBe(mb);
  });

  it.each([
    [GB / 4, 64],
    [4 * GB, 512],
    [64 * GB, 1024],
  ])('bodies: an eighth of %d bytes, within bounds', (memory, mb) => {
    expect(bodyMemoryFor(memory)).toBe(mb * MB);
  });

  it('what is given counts, the rest is what this machine feeds', () => {
    expect(fleetSize({ workers: 3, workerMemoryMb: 500 })).toEqual({
      workers: 3,
      workerMemoryBytes: 500 * MB,
    });
    const derived = fleetSize({ workers: null, workerMemoryMb: null });
    expect(derived).toEqual({
      workers: workersFor(availableCores(), availableMemory()),
      workerMemoryBytes: workerMemoryFor(derived.workers, availableMemory()),
    });
  });
});
