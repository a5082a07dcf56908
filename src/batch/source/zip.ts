import { type Entry, openPromise } from 'yauzl';
import { Fault, UsageError } from '../../errors.ts';
import { KeySet } from '../key-set.ts';
import type { BatchItem, BatchSource } from '../types.ts';
import { countOf } from './count.ts';
import { checkBytes, collect, isPictureName, unreadable } from './limits.ts';

type Zip = Awaited<ReturnType<typeof openPromise>>;

function broken(path: string, error: unknown): UsageError {
  const detail = error instanceof Error ? error.message : String(error);
  return new UsageError('broken_input', `${path} cannot be read as a zip: ${detail}`, { cause: error });
}

async function readEntry(zip: Zip, entry: Entry): Promise<Uint8Array> {
  try {
    if (entry.isEncrypted()) throw new Fault(-5805, 'encrypted', 'the zip entry is encrypted');
    checkBytes(entry.uncompressedSize);
    return await collect(await zip.openReadStreamPromise(entry));
  } catch (error) {
    throw unreadable(error);
  }
}

/**
 * The pictures of a zip, by their names' extension; the key is the entry's name (of entries with the same name, all but the first
 * get `#` and their place in the archive). Entries are read one by one, nothing is unpacked to disk.
 */
export function openZip(path: string): BatchSource {
  const open: Zip[] = [];
  async function* pictures() {
    try {
      const zip = await openPromise(path, { autoClose: false });
      open.push(zip);
      let place = 0;
      for await (const entry of zip.eachEntry()) {
        place++;
        const { fileName } = entry;
        if (!fileName.endsWith('/') && isPictureName(fileName)) yield { zip, entry, place };
      }
    } catch (error) {
      throw broken(path, error);
    }
  }
  async function* items(): AsyncGenerator<BatchItem> {
    const seen = new KeySet();
    for await (const { zip, entry, place } of pictures()) {
      const name = entry.fileName;
      const key = seen.add(name) ? name : `${name}#${place}`;
      yield { key, picture: name, read: () => readEntry(zip, entry) };
    }
  }
  return {
    kind: 'zip',
    sequential: false,
    items,
    count: (signal) => countOf(pictures(), signal),
    async close() {
      for (const zip of open.splice(0)) zip.close();
    },
  };
}
