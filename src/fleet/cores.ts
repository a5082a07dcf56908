import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/** Reads a file as text, or null where there is none. */
export type ReadText = (path: string) => string | null;

/**
 * How many processors this process may keep busy: those it may run on, and no more than its control group's
 * quota of processor time pays for (cgroup v2 `cpu.max`, v1 `cpu.cfs_quota_us`), rounded up, at least 1. A
 * container limited to half the machine would otherwise be throttled with twice the threads it can feed.
 */
export function availableCores(read: ReadText = readText, processors = availableParallelism()): number {
  const quota = quotaV2(read('/sys/fs/cgroup/cpu.max')) ?? quotaV1(read);
  return Math.max(1, Math.min(processors, quota === null ? processors : Math.ceil(quota)));
}

/** `max 100000`, or quota and period in microseconds. */
function quotaV2(text: string | null): number | null {
  const [quota, period] = (text ?? '').trim().split(/\s+/);
  return ratio(quota, period);
}

function quotaV1(read: ReadText): number | null {
  return ratio(
    read('/sys/fs/cgroup/cpu/cpu.cfs_quota_us')?.trim(),
    read('/sys/fs/cgroup/cpu/cpu.cfs_period_us')?.trim(),
  );
}

function ratio(quota: string | undefined, period: string | undefined): number | null {
  const processors = Number(quota) / Number(period);
  return Number.isFinite(processors) && processors > 0 ? processors : null;
}

/** Reads a file as text; null where it cannot be read. */
export function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
