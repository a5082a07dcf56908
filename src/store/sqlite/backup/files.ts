import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { join } from 'node:path';

/** Brings a file's content to the disk. */
export function syncFile(path: string): void {
  const file = openSync(path, 'r+');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Brings a folder's names to the disk; nothing happens where the system cannot. */
export function syncFolder(path: string): void {
  if (process.platform === 'win32') return;
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

/**
 * Gives the finished file `from` the name `to` in one step, and never over another file.
 * @throws {Error} the system's error; `EEXIST` where there is one
 */
export function placeNew(from: string, to: string): void {
  try {
    linkSync(from, to);
    rmSync(from);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') throw error;
    // File systems without hard links: between the look and the renaming another process could take the name.
    if (existsSync(to)) throw Object.assign(new Error(`${to} exists already`), { code: 'EEXIST' });
    renameSync(from, to);
  }
}

/**
 * A work folder in `folder`, its owner's alone; what ended processes left there under the same prefix goes.
 */
export function makeWorkFolder(folder: string, prefix: string): string {
  clearWorkFolders(folder, prefix);
  const path = join(folder, `${prefix}-${process.pid}-${randomBytes(6).toString('hex')}`);
  mkdirSync(path, { mode: 0o700 });
  return path;
}

/** Removes the work folders under this prefix in `folder` whose processes have ended. */
export function clearWorkFolders(folder: string, prefix: string): void {
  for (const name of readdirSync(folder)) {
    const pid = name.startsWith(`${prefix}-`)
      ? Number(name.slice(prefix.length + 1).split('-')[0])
      : Number.NaN;
    if (Number.isInteger(pid) && pid > 0 && !isRunning(pid))
      rmSync(join(folder, name), { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** A moment as part of a file name: `20261128T180000Z`. */
export function timeName(at: Date): string {
  return at.toISOString().replace(/[-:]|\.\d+/g, '');
}
