import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, linkSync, openSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * The mode of a file, in octal, where others than its owner may do something with it; null where they may
 * not.
 */
export function modeOthersMayUse(path: string): string | null {
  const { mode } = statSync(path);
  if (process.platform === 'win32' || (mode & 0o077) === 0) return null;
  return (mode & 0o777).toString(8).padStart(3, '0');
}

/**
 * Make a file that its owner alone can read, on disk when this returns. One that another process made
 * meanwhile stays.
 */
export function createKeyFile(path: string, text: string): void {
  const temporary = write(path, text);
  try {
    linkSync(temporary, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
  syncFolder(path);
}

/** Put a file in place of another in one step, on disk when this returns. */
export function replaceKeyFile(path: string, text: string): void {
  renameSync(write(path, text), path);
  syncFolder(path);
}

/** Write to a file beside `path`; its path. */
function write(path: string, text: string): string {
  const temporary = `${path}.${process.pid}.${randomBytes(6).toString('hex')}`;
  const file = openSync(temporary, 'wx', 0o600);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  return temporary;
}

function syncFolder(path: string): void {
  if (process.platform === 'win32') return;
  const folder = openSync(dirname(path), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
