import type { FilePath } from '../../files/name.ts';
import type { OnLeftOut } from '../../picture/decode/candidate.ts';
import { readPictureFile } from '../../picture/file.ts';
import { picturesBelow } from '../../picture/folder.ts';
import type { BatchItem, BatchSource } from '../types.ts';
import { countOf } from './count.ts';

async function* items(folder: FilePath, onLeftOut?: OnLeftOut): AsyncGenerator<BatchItem> {
  for await (const { name, path } of picturesBelow(folder, { onLeftOut })) {
    yield { key: name, picture: name, read: (signal) => readPictureFile(path, signal) };
  }
}

/**
 * All pictures below a folder, by their names' extension or by content; the key is the path from the folder.
 * Links to folders are not followed.
 */
export function openFolder(path: FilePath): BatchSource {
  return {
    kind: 'folder',
    sequential: false,
    items: (onLeftOut) => items(path, onLeftOut),
    count: (signal) => countOf(picturesBelow(path), signal),
    close: async () => {},
  };
}
