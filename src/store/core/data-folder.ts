import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Makes the data folder and those above it, its owner's alone, where they are missing.
 * @throws {Error} when it cannot be made
 */
export function makeDataFolder(folder: string): void {
  try {
    makeFolder(folder);
  } catch (cause) {
    const { message } = cause as Error;
    throw new Error(`the data folder ${folder} cannot be made (${message}); choose another with --data`, {
      cause,
    });
  }
}

/**
 * Makes a folder and those above it, one at a time: Node's own recursive call spins for ever where a file
 * system answers "no such folder" for a name in a folder that exists, as /proc does.
 */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  const above = dirname(folder);
  if (above !== folder) makeFolder(above);
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
