import { fstatSync } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { Socket } from 'node:net';
import type { FilePath } from './name.ts';
import { FileRefused, READ_FLAGS, readRegular } from './read.ts';

/**
 * The bytes of a file that a person named for reading: a regular file, standard input (`-`), or a pipe, as shells make of `<(…)`. Devices and
 * the like are refused.
 *
 * @param limit bytes at most
 * @throws {FileRefused}; the system's error
 */
export async function readText(path: FilePath, limit: number): Promise<Buffer> {
  if (path === '-') return collect(process.stdin, limit);
  if (!(await stat(path)).isFIFO()) return readRegular(path, limit);
  const pipe = await open(path, READ_FLAGS);
  try {
    if (!fstatSync(pipe.fd).isFIFO()) return await readRegular(path, limit);
    // Waited for by the event loop and not by a thread, so that a signal ends the process.
    return await collect(new Socket({ fd: pipe.fd, readable: true, writable: false }), limit);
  } finally {
    await pipe.close().catch(() => {});
  }
}

async function collect(stream: AsyncIterable<Uint8Array>, limit: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream) {
    length += chunk.length;
    if (length > limit) throw new FileRefused('too_large', `more than ${limit} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
