import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { folderInMemory } from '../../src/store/test-support/folder-in-memory.ts';

/** The name of the variable that holds the folder that all test processes of a run share. */
export const SHARED_FOLDER = 'TESTS_SHARED_FOLDER';

/** Makes that folder before the first test of a run; returns what removes it after the last. */
export function setup(): (() => void) | undefined {
  // Each project of the configuration asks for it.
  if (process.env[SHARED_FOLDER] !== undefined) return undefined;
  const folder = mkdtempSync(join(folderInMemory() ?? tmpdir(), 'livestill-tests-'));
  // Servers of other users read what is theirs in it.
  chmodSync(folder, 0o711);
  process.env[SHARED_FOLDER] = folder;
  return () => {
    delete process.env[SHARED_FOLDER];
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
}
