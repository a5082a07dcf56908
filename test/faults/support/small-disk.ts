import { execFileSync } from 'node:child_process';
import { chmodSync, closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

const mount = (folder: string, megabytes: number) =>
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder], { stdio: 'ignore' });
const unmount = (folder: string) => execFileSync('umount', ['-l', folder], { stdio: 'ignore' });

/** Why no small disk can be made here; null where one can. */
export const whyNoSmallDisk: string | null = (() => {
  const folder = mkdtempSync(join(tmpdir(), 'livestill-disk-'));
  try {
    mount(folder, 1);
    unmount(folder);
    return null;
  } catch {
    return 'no small disk can be mounted here: it takes Linux and root';
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
})();

/** A disk in memory of this size, open to all; it goes when the test is over. */
export function smallDisk(megabytes: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'livestill-disk-'));
  mount(folder, megabytes);
  chmodSync(folder, 0o777);
  onTestFinished(() => {
    unmount(folder);
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

/** Writes a file until the disk that it lies on is full. */
export function fill(file: string): void {
  const handle = openSync(file, 'w');
  const block = Buffer.alloc(64 * 1024);
  try {
    for (;;) writeSync(handle, block);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  } finally {
    closeSync(handle);
  }
}
