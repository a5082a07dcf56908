import { Fault } from '../faults.ts';
import type { FilePath } from '../files/name.ts';
import { FileRefused, readRegular, readRegularSync, whyUnreadable } from '../files/read.ts';
import { DEFAULT_LIMITS } from './limits.ts';

/** What went wrong with reading a picture file, as a fault: -4016 `too_large`, else -5805 `unreadable`. */
export function unreadable(error: unknown): Fault {
  if (error instanceof Fault) return error;
  if (error instanceof FileRefused && error.why === 'too_large') {
    return new Fault('picture_too_large', 'too_large', error.message, { cause: error });
  }
  return new Fault('file_unreadable', 'unreadable', `cannot be read: ${whyUnreadable(error)}`, {
    cause: error,
  });
}

/**
 * The bytes of a picture file on this machine, in memory of their own. Only regular files are read, and never
 * more than the limit for a picture; a pipe, a device or a link to one is refused at once.
 * @throws {Fault} `download_refused` `unreadable`, `picture_unreadable` `too_large`; the reason of an aborted
 * signal
 */
export async function readPictureFile(
  path: FilePath,
  signal?: AbortSignal,
  limit = DEFAULT_LIMITS.bytes,
): Promise<Uint8Array> {
  try {
    return await readRegular(path, limit, signal);
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    throw unreadable(error);
  }
}

/**
 * As {@link readPictureFile}, in one go.
 * @throws {Fault} `download_refused` `unreadable`, `picture_unreadable` `too_large`
 */
export function readPictureFileSync(path: FilePath, limit = DEFAULT_LIMITS.bytes): Uint8Array {
  try {
    return readRegularSync(path, limit);
  } catch (error) {
    throw unreadable(error);
  }
}

/**
 * Bytes of a stream, as long as they are no more than a picture may have.
 * @throws {Fault} `picture_unreadable` `too_large`
 */
export async function collectPicture(
  stream: AsyncIterable<Uint8Array>,
  limit = DEFAULT_LIMITS.bytes,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream) {
    length += chunk.length;
    checkPictureBytes(length, limit);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/**
 * Checked before a picture is loaded.
 * @throws {Fault} `picture_unreadable` `too_large`
 */
export function checkPictureBytes(bytes: number, limit = DEFAULT_LIMITS.bytes): void {
  if (bytes > limit)
    throw new Fault('picture_too_large', 'too_large', `${bytes} bytes are over the limit of ${limit}`);
}
