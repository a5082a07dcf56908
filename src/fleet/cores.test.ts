import { availableParallelism } from 'node:os';
import { describe, expect, it } from 'vitest';
import { availableCores } from './cores.ts';

const files = (found: Record<string, string>) => (path: string) => found[path] ?? null;
const v1 = (quota: string, period: string) =>
  files({
    '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': quota,
    '/sys/fs/cgroup/cpu/cpu.cfs_period_us': period,
  });

describe('availableCores', () => {
  it.each([
    ['no control group', files({}), 8],
    ['no limit', files({ '/sys/fs/cgroup/cpu.max': 'max 100000\n' }), 8],
    ['two processors', files({ '/sys/fs/cgroup/cpu.max': '200000 100000\n' }), 2],
    ['one and a half', files({ '/sys/fs/cgroup/cpu.max': '150000 100000\n' }), 2],
    ['a tenth', files({ '/sys/fs/cgroup/cpu.max': '10000 100000\n' }), 1],
    ['more than there are', files({ '/sys/fs/cgroup/cpu.max': '6400000 100000\n' }), 8],
    ['version 1, three processors', v1('300000\n', '100000\n'), 3],
    ['version 1, no limit', v1('-1\n', '100000\n'), 8],
    ['rubbish', files({ '/sys/fs/cgroup/cpu.max': 'what?' }), 8],
  ])('%s', (_name, read, expected) => {
    expect(availableCores(read, 8)).toBe(expected);
  });

  it('of this machine is between one and what the system offers', () => {
    const cores = availableCores();
    expect(cores).toBeGreaterThanOrEqual(1);
    expect(cores).toBeLessThanOrEqual(availableParallelism());
  });
});
