import { existsSync, statfsSync } from 'node:fs';

/**
 * A folder in memory with enough free space for what the tests write; null where there is none. Each database
 * is some 300 files, and on a disk to remove those of a hundred databases takes longer than the tests.
 */
export function folderInMemory(): string | null {
  const folder = '/dev/shm';
  if (!existsSync(folder)) return null;
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize >= 4 * 1024 ** 3 ? folder : null;
}
