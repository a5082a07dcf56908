import { createHash } from 'node:crypto';
import { type FileHandle, open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeFolder } from '../../files/folder.ts';

/** Remembers one value for each key over runs. */
export interface Cache<V> {
  get(key: string): V | undefined;
  put(key: string, value: V): Promise<void>;
  close(): Promise<void>;
}

/** SHA-256 of bytes, hexadecimal: what a picture is known by. */
export function pictureHash(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** A cache that lasts as long as the process. */
export function memoryCache<V>(): Cache<V> {
  const values = new Map<string, V>();
  return {
    get: (key) => values.get(key),
    put: async (key, value) => {
      values.set(key, value);
    },
    close: async () => {},
  };
}

/**
 * A cache in an NDJSON file, `{"key","value"}` a line, appended to. A line cut off by a kill, or one that is
 * no such record, is passed over; the value is then made anew.
 */
export async function fileCache<V>(file: string): Promise<Cache<V>> {
  await makeFolder(dirname(file));
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const values = new Map<string, V>();
  for (const line of text.split('\n')) {
    try {
      const record = JSON.parse(line) as { readonly key?: unknown; readonly value?: V };
      if (typeof record.key === 'string' && record.value !== undefined) values.set(record.key, record.value);
    } catch {
      // A torn line.
    }
  }
  let handle: FileHandle | null = null;
  let begun = text === '' || text.endsWith('\n');
  return {
    get: (key) => values.get(key),
    async put(key, value) {
      values.set(key, value);
      const line = `${begun ? '' : '\n'}${JSON.stringify({ key, value })}\n`;
      begun = true;
      handle ??= await open(file, 'a');
      await handle.appendFile(line);
    },
    async close() {
      await handle?.close();
      handle = null;
    },
  };
}
