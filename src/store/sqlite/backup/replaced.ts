import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DATABASE_FILE } from '../database.ts';
import { ARCHIVE_NAMES } from './archive.ts';
import { syncFile, syncFolder, timeName } from './files.ts';

const keyFile = ARCHIVE_NAMES.keys;

/**
 * Puts what is there into a folder of its own, all but the database's own name, which it keeps until the new
 * one takes it.
 */
export function keep(dataDir: string, live: string, now: Date): string | null {
  const sides = SIDE_FILES.filter((side) => existsSync(live + side));
  if (!existsSync(live) && sides.length === 0) return null;
  const kept = newFolder(join(dataDir, `${KEPT_PREFIX}${timeName(now)}`));
  if (existsSync(live)) linkOrMove(live, join(kept, DATABASE_FILE));
  const key = textOf(join(dataDir, keyFile));
  if (key !== null) writeFileSync(join(kept, keyFile), key, { mode: 0o600, flag: 'wx' });
  for (const side of sides) renameSync(live + side, join(kept, DATABASE_FILE + side));
  syncFolder(kept);
  syncFolder(dataDir);
  return kept;
}

/** Makes a folder of that name, with a number behind it where there is one already. */
function newFolder(path: string): string {
  for (let number = 1; ; number++) {
    const name = number === 1 ? path : `${path}-${number}`;
    if (existsSync(name)) continue;
    mkdirSync(name, { mode: 0o700 });
    return name;
  }
}

/**
 * A second name, so that there is a database in place at every moment; file systems without such names have a
 * moment without.
 */
function linkOrMove(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'ENOSYS') throw error;
    renameSync(from, to);
  }
}

const KEPT_PREFIX = 'replaced-';
const SIDE_FILES = ['-wal', '-shm', '-journal'] as const;

/**
 * A restore that was killed may have left a second name of the database that is still in place: no copy, so
 * it goes.
 */
export function dropHalfKept(dataDir: string, live: string): void {
  const inPlace = statSync(live, { bigint: true, throwIfNoEntry: false });
  if (inPlace === undefined) return;
  for (const name of readdirSync(dataDir).filter((one) => one.startsWith(KEPT_PREFIX))) {
    const folder = join(dataDir, name);
    const same = statSync(join(folder, DATABASE_FILE), { bigint: true, throwIfNoEntry: false });
    if (same !== undefined && same.ino === inPlace.ino && same.dev === inPlace.dev) {
      for (const side of SIDE_FILES) {
        const moved = join(folder, DATABASE_FILE + side);
        if (existsSync(moved) && !existsSync(live + side)) renameSync(moved, live + side);
      }
      rmSync(folder, { recursive: true });
    }
  }
}

/** What a file says; null where there is none. */
export function textOf(path: string): string | null {
  return existsSync(path) ? readFileSync(path, 'utf8') : null;
}

/** Replaces `master.key` in one step. */
export function putKeys(dataDir: string, work: string, texts: readonly string[]): void {
  const temporary = join(work, 'new.key');
  writeFileSync(temporary, `${texts.map((text) => text.trimEnd()).join('\n')}\n`, {
    mode: 0o600,
    flag: 'wx',
  });
  syncFile(temporary);
  renameSync(temporary, join(dataDir, keyFile));
  syncFolder(dataDir);
}
