import { stat } from 'node:fs/promises';
import { type FilePath, joinPath, pathOfArgument, pathText } from '../files/name.ts';
import type { LeftOut, OnLeftOut } from './decode/candidate.ts';
import { collectPicture, readPictureFile, unreadable } from './file.ts';
import { type FoundPicture, picturesBelow } from './folder.ts';

/** A picture to judge: what to call it and how to get its bytes. */
export interface PictureInput {
  readonly name: string;
  /** @throws {Fault} `download_refused` `unreadable`, `picture_unreadable` `too_large` */
  read(): Promise<Uint8Array>;
}

/**
 * The pictures that arguments name, in the order given: a file as it is (whatever its name), a folder as all
 * pictures below it (by their extension or by content, sorted by name), `-` as standard input. A path that
 * does not exist stays in the list and fails when it is read. `onLeftOut` is
 * called with what a folder holds besides.
 */
export async function expandInputs(
  paths: readonly string[],
  stdin: AsyncIterable<Uint8Array>,
  onLeftOut: OnLeftOut,
): Promise<PictureInput[]> {
  const inputs: PictureInput[] = [];
  for (const argument of paths) {
    if (argument === '-') {
      inputs.push({ name: '-', read: () => collectPicture(stdin) });
      continue;
    }
    const path = pathOfArgument(argument);
    const isFolder = await stat(path).then(
      (s) => s.isDirectory(),
      () => false,
    );
    const found = isFolder ? await picturesIn(path, onLeftOut) : [{ name: '', path }];
    for (const one of found) inputs.push({ name: pathText(one.path), read: () => readPictureFile(one.path) });
  }
  return inputs;
}

/**
 * The pictures below a folder, sorted by name; a folder that cannot be read has none and is
 * left out.
 */
export async function picturesIn(folder: FilePath, onLeftOut: OnLeftOut): Promise<FoundPicture[]> {
  const leave = (one: LeftOut) => onLeftOut({ ...one, name: pathText(joinPath(pathText(folder), one.name)) });
  const found: FoundPicture[] = [];
  try {
    for await (const one of picturesBelow(folder, { sorted: true, onLeftOut: leave })) found.push(one);
  } catch (error) {
    onLeftOut({ name: pathText(folder), why: 'unreadable', detail: unreadable(error).message });
  }
  return found;
}
