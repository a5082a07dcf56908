import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

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

/**
 * Copies of the database in the data folder itself: from before updates of the tables, and what a restore
 * replaced.
 */
export function copiesIn(dataDir: string): readonly string[] {
  const names = (folder: string) => (existsSync(folder) ? readdirSync(folder).sort() : []);
  const root = resolve(dataDir);
  return [
    ...names(join(root, 'backups'))
      .filter((name) => name.endsWith('.tar'))
      .map((name) => join(root, 'backups', name)),
    ...names(root)
      .filter((name) => name.startsWith('replaced-'))
      .map((name) => join(root, name)),
  ];
}
