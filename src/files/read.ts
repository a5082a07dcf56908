import { closeSync, constants, fstatSync, openSync, readSync, type Stats, statSync } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import type { FilePath } from './name.ts';

/** Why a file is not read, although it is there. */
export class FileRefused extends Error {
  readonly why: 'not_regular' | 'too_large';
  constructor(why: 'not_regular' | 'too_large', message: string) {
    super(message);
    this.name = 'FileRefused';
    this.why = why;
  }
}

/** Never waits: without it, opening a named pipe lasts until somebody writes to it. */
export const READ_FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0);

/** What something that is no regular file is, in words. */
export function kindOf(info: Stats): string {
  if (info.isDirectory()) return 'a folder';
  if (info.isFIFO()) return 'a named pipe';
  if (info.isSocket()) return 'a socket';
  return info.isCharacterDevice() || info.isBlockDevice() ? 'a device' : 'no file';
}

function checkRegular(info: Stats): void {
  if (info.isFile()) return;
  throw new FileRefused('not_regular', `it is ${kindOf(info)}, and no regular file`);
}

function checkSize(size: number, limit: number): void {
  if (size > limit) throw new FileRefused('too_large', `${size} bytes are over the limit of ${limit}`);
}

/**
 * Opens a regular file for reading; whatever else has the name is not waited for, and devices are not even
 * opened.
 * @throws {FileRefused} `not_regular`; the system's error
 */
export async function openRegular(path: FilePath): Promise<FileHandle> {
  checkRegular(await stat(path));
  const file = await open(path, READ_FLAGS);
  try {
    // What was looked at may be another file than what was opened.
    checkRegular(await file.stat());
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Memory of its own for so many bytes, not cut from a larger piece. */
const memory = (bytes: number) => Buffer.allocUnsafeSlow(bytes);
/** Read at once where a file says it is empty, as those of `/proc` do, or grows. */
const PIECE = 64 * 1024;

/** Grows where a file has more bytes than it said. */
function grown(bytes: Buffer<ArrayBuffer>): Buffer<ArrayBuffer> {
  const more = memory(Math.max(PIECE, bytes.length * 2));
  bytes.copy(more);
  return more;
}

/** The bytes that were read, and none of the memory that was not needed. */
function exactly(bytes: Buffer, length: number): Buffer {
  if (bytes.length === length) return bytes;
  const exact = memory(length);
  bytes.copy(exact, 0, 0, length);
  return exact;
}

/**
 * The bytes of a regular file, in memory of their own. Never more than `limit` are read, whatever size it
 * says it has or comes to while it is read.
 * @throws {FileRefused} when it is no regular file, or longer than that
 * @throws {Error} with the system's code when it cannot be read
 * @throws {unknown} the reason of an aborted signal
 */
export async function readRegular(path: FilePath, limit: number, signal?: AbortSignal): Promise<Buffer> {
  const file = await openRegular(path);
  try {
    const { size } = await file.stat();
    checkSize(size, limit);
    let bytes = memory(size);
    let have = 0;
    for (;;) {
      signal?.throwIfAborted();
      const full = have === bytes.length;
      const into = full ? memory(have === size && size > 0 ? 1 : PIECE) : bytes;
      const { bytesRead } = await file.read(into, full ? 0 : have, into.length - (full ? 0 : have), have);
      if (bytesRead === 0) return exactly(bytes, have);
      if (full) {
        while (bytes.length < have + bytesRead) bytes = grown(bytes);
        into.copy(bytes, have, 0, bytesRead);
      }
      have += bytesRead;
      checkSize(have, limit);
    }
  } finally {
    await file.close();
  }
}

/**
 * As {@link readRegular}, in one go: for local files by the ten thousand, where asynchronous steps cost more
 * than reading.
 */
export function readRegularSync(path: FilePath, limit: number): Buffer {
  checkRegular(statSync(path));
  const file = openSync(path, READ_FLAGS);
  try {
    const info = fstatSync(file);
    checkRegular(info);
    checkSize(info.size, limit);
    let bytes = memory(info.size + 1);
    let have = 0;
    for (;;) {
      if (have === bytes.length) bytes = grown(bytes);
      const read = readSync(file, bytes, have, bytes.length - have, have);
      if (read === 0) return exactly(bytes, have);
      have += read;
      checkSize(have, limit);
    }
  } finally {
    closeSync(file);
  }
}

/**
 * The first bytes of a regular file, at most `length`.
 * @throws {FileRefused} when it is no regular file
 * @throws {Error} with the system's code when it cannot be read
 */
export async function readHead(path: FilePath, length: number): Promise<Buffer> {
  const file = await openRegular(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

const REASONS = new Map([
  ['ENOENT', 'there is no such file'],
  ['EACCES', 'no permission to read it'],
  ['EPERM', 'no permission to read it'],
  ['EISDIR', 'it is a folder'],
  ['ENOTDIR', 'part of its path is no folder'],
  ['ELOOP', 'its links lead in a circle'],
  ['ENAMETOOLONG', 'its name is too long'],
  ['EAGAIN', 'it has nothing to read at the moment'],
  ['ENXIO', 'it is a device or socket, and no regular file'],
  ['ERR_INVALID_ARG_VALUE', 'its name has a NUL character'],
]);

/** Why a file could not be read, in words that fit behind "cannot be read: ". */
export function whyUnreadable(error: unknown): string {
  if (error instanceof FileRefused) return error.message;
  const { code = '', message = String(error) } = error as NodeJS.ErrnoException;
  return REASONS.get(code) ?? (code || message);
}
