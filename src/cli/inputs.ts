import { readdir, readFile, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { PICTURE_EXTENSIONS } from '../batch/source/limits.ts';

/** A picture to judge: what to call it and how to get its bytes. */
export interface PictureInput {
  readonly name: string;
  read(): Promise<Uint8Array>;
}

async function readAll(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function fileInput(path: string): PictureInput {
  return { name: path, read: () => readFile(path) };
}

async function picturesBelow(folder: string): Promise<PictureInput[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  entries.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  const found: PictureInput[] = [];
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) found.push(...(await picturesBelow(path)));
    else if (PICTURE_EXTENSIONS.has(extname(entry.name).toLowerCase())) found.push(fileInput(path));
  }
  return found;
}

/**
 * The pictures that arguments name, in the order given: a file as it is (whatever its name), a folder as all files below
 * it with a picture's extension (sorted by name), `-` as standard input. A path that does not exist stays in the list
 * and fails when it is read.
 */
export async function expandInputs(
  paths: readonly string[],
  stdin: AsyncIterable<Uint8Array>,
): Promise<PictureInput[]> {
  const inputs: PictureInput[] = [];
  for (const path of paths) {
    if (path === '-') {
      inputs.push({ name: '-', read: () => readAll(stdin) });
      continue;
    }
    const isFolder = await stat(path).then(
      (s) => s.isDirectory(),
      () => false,
    );
    if (isFolder) inputs.push(...(await picturesBelow(path)));
    else inputs.push(fileInput(path));
  }
  return inputs;
}
