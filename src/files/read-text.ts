import { closeSync, fstatSync, openSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Socket } from 'node:net';
import type { FilePath } from './name.ts';
import { FileRefused, READ_FLAGS, readRegular } from './read.ts';

/**
 * The bytes of a file that a person named for reading: a regular file, standard input (`-`), or a pipe, as
 * shells make of `<(…)`. Devices and the like are refused.
 *
 * @param limit bytes at most
 * @throws {FileRefused} when it is no file, or longer than that
 * @throws {Error} with the system's code when it cannot be read
 */
export async function readText(path: FilePath, limit: number): Promise<Buffer> {
  if (path === '-') return collect(process.stdin, limit);
  if (!(await stat(path)).isFIFO()) return readRegular(path, limit);
  const fd = openSync(path, READ_FLAGS);
  if (!fstatSync(fd).isFIFO()) {
    closeSync(fd);
    return readRegular(path, limit);
  }
  // Waited for by the event loop and not by a thread, so that a signal ends the process. The socket closes
  // it.
  return collect(new Socket({ fd, readable: true, writable: false }), limit);
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
