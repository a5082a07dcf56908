import type { Dirent, Stats } from 'node:fs';
import { opendir, readdir, stat } from 'node:fs/promises';
import { type FilePath, joinPath, nameText, pathOf } from '../files/name.ts';
import { FileRefused, kindOf, readHead, whyUnreadable } from '../files/read.ts';
import {
  HEAD_BYTES,
  isPictureName,
  isResourceFork,
  looksLikePicture,
  type OnLeftOut,
} from './decode/candidate.ts';

/** A picture below a folder. */
export interface FoundPicture {
  /** Path from the folder with slashes; bytes that are no UTF-8 as `\xD5`. No two have the same. */
  readonly name: string;
  readonly path: FilePath;
}

type Entry = Dirent<Buffer>;

/** How a folder is walked. */
export interface WalkOptions {
  /** By name; else in the order of the system, which takes no memory. */
  readonly sorted?: boolean;
  readonly onLeftOut?: OnLeftOut | undefined;
}

async function* entriesOf(folder: FilePath, sorted: boolean): AsyncGenerator<Entry> {
  const options = { withFileTypes: true, encoding: 'buffer' } as const;
  if (!sorted) {
    // The types know of texts alone here.
    yield* (await opendir(folder as string, options as never)) as unknown as AsyncIterable<Entry>;
    return;
  }
  const entries = await readdir(folder, options);
  yield* entries.sort((a, b) => Buffer.compare(a.name, b.name));
}

/**
 * All pictures below a folder: files with the extension of a picture, and others whose content is one. Links
 * to folders are not followed. Whatever is left out is told, a folder that cannot be looked into too.
 *
 * @throws {Error} the system's error where the folder itself cannot be looked into
 */
export async function* picturesBelow(
  root: FilePath,
  options: WalkOptions = {},
): AsyncGenerator<FoundPicture> {
  yield* walk(root, '', options);
}

async function* walk(folder: FilePath, above: string, options: WalkOptions): AsyncGenerator<FoundPicture> {
  for await (const entry of entriesOf(folder, options.sorted === true)) {
    const name = `${above}${nameText(entry.name)}`;
    const path = joinPath(folder, pathOf(entry.name));
    if (!entry.isDirectory()) {
      if (await isPicture(entry, name, path, options)) yield { name, path };
      continue;
    }
    try {
      yield* walk(path, `${name}/`, options);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
      const detail = `the folder cannot be looked into: ${whyUnreadable(error)}`;
      options.onLeftOut?.({ name, why: 'unreadable', detail });
    }
  }
}

/**
 * Whether an entry that is no folder is a picture; what has a picture's name is one, and fails when it is
 * read.
 */
async function isPicture(
  entry: Entry,
  name: string,
  path: FilePath,
  { onLeftOut }: WalkOptions,
): Promise<boolean> {
  if (isPictureName(name)) return true;
  const leave = (why: 'no_picture' | 'no_file' | 'unreadable', detail: string) => {
    onLeftOut?.({ name, why, detail });
    return false;
  };
  if (isResourceFork(name)) return leave('no_picture', 'a file of macOS beside another one');
  try {
    if (!entry.isFile()) {
      const info: Stats = await stat(path);
      if (!info.isFile())
        return leave('no_file', `${entry.isSymbolicLink() ? 'a link to ' : ''}${kindOf(info)}`);
    }
    return looksLikePicture(await readHead(path, HEAD_BYTES)) || leave('no_picture', 'no picture');
  } catch (error) {
    if (error instanceof FileRefused) return leave('no_file', error.message);
    const { code } = error as NodeJS.ErrnoException;
    if (entry.isSymbolicLink() && (code === 'ENOENT' || code === 'ELOOP')) {
      return leave('no_file', 'a link that leads nowhere');
    }
    return leave('unreadable', whyUnreadable(error));
  }
}
