import { opendir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { BatchItem, BatchSource } from '../types.ts';
import { countOf } from './count.ts';
import { checkBytes, isPictureName, unreadable } from './limits.ts';

/** The bytes of a file on this machine. @throws Fault -5805, -4016 `too_large` */
export async function readPictureFile(path: string, signal: AbortSignal): Promise<Uint8Array> {
  try {
    const { size } = await stat(path);
    checkBytes(size);
    return await readFile(path, { signal });
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw unreadable(error);
  }
}

async function* below(root: string, folder: string): AsyncGenerator<BatchItem> {
  for await (const entry of await opendir(join(root, folder))) {
    const name = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) yield* below(root, name);
    else if (isPictureName(name)) {
      yield { key: name, picture: name, read: (signal) => readPictureFile(join(root, name), signal) };
    }
  }
}

/** All pictures below a folder, by their names' extension; the key is the path from the folder. Links to folders are not followed. */
export function openFolder(path: string): BatchSource {
  return {
    kind: 'folder',
    sequential: false,
    items: () => below(path, ''),
    count: (signal) => countOf(below(path, ''), signal),
    close: async () => {},
  };
}
