import { extname } from 'node:path';
import { Fault } from '../../errors.ts';
import { DEFAULT_LIMITS } from '../../picture/decode.ts';

/** Extensions of the pictures that are looked for in folders and archives, lower case. */
export const PICTURE_EXTENSIONS: ReadonlySet<string> = new Set([
  '.jpg',
  '.jpeg',
  '.jpe',
  '.jfif',
  '.png',
  '.webp',
  '.bmp',
  '.dib',
]);

/** Whether a file of a folder or an archive is one of the pictures, by its name. Files that only macOS makes are not. */
export function isPictureName(name: string): boolean {
  if (/(?:^|\/)(?:\._|__MACOSX\/)/.test(name)) return false;
  return PICTURE_EXTENSIONS.has(extname(name).toLowerCase());
}

/** Checked before a picture is loaded. @throws Fault -4016 `too_large` */
export function checkBytes(bytes: number): void {
  if (bytes > DEFAULT_LIMITS.bytes) {
    throw new Fault(-4016, 'too_large', `${bytes} bytes are over the limit of ${DEFAULT_LIMITS.bytes}`);
  }
}

/** A stream's bytes. @throws Fault -4016 `too_large` as soon as they are too many */
export async function collect(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream) {
    length += chunk.length;
    checkBytes(length);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

const READ_ERRORS = new Map([
  ['ENOENT', 'there is no such file'],
  ['EACCES', 'no permission to read it'],
  ['EISDIR', 'it is a folder'],
  ['ENOTDIR', 'part of its path is no folder'],
]);

/** What went wrong with reading a picture, as a fault of code -5805. */
export function unreadable(error: unknown): Fault {
  if (error instanceof Fault) return error;
  const { code = '', message = String(error) } = error as NodeJS.ErrnoException;
  return new Fault(-5805, 'unreadable', `cannot be read: ${READ_ERRORS.get(code) ?? (code || message)}`, {
    cause: error,
  });
}
