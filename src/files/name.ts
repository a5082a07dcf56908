import { readFileSync } from 'node:fs';
import { dirname, resolve, sep } from 'node:path';

/**
 * Where a file lies. File names are bytes: those that are no UTF-8 are held as such, or the file could not be
 * opened.
 */
export type FilePath = string | Buffer;

const SLASH = 0x2f;

const STRICT = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text of UTF-8 bytes; null where they are none. */
export function utf8Of(bytes: Uint8Array): string | null {
  try {
    return STRICT.decode(bytes);
  } catch {
    return null;
  }
}

/** A backslash that would be read as the beginning of an escape. */
const LIKE_ESCAPE = /\\(?=x[0-9A-Fa-f]{2})/g;
const escaped = (byte: number) => `\\x${byte.toString(16).toUpperCase().padStart(2, '0')}`;

/**
 * A file name as text: UTF-8 as it is, every byte that is no part of UTF-8 as `\xD5`. No two names have the
 * same text, and {@link nameBytes} gives the bytes back: a backslash in front of what looks like such an
 * escape is written `\x5C`.
 */
export function nameText(bytes: Uint8Array): string {
  const whole = utf8Of(bytes);
  if (whole !== null) return whole.replace(LIKE_ESCAPE, escaped(0x5c));
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes[at]);
    const piece = length === 0 ? null : utf8Of(bytes.subarray(at, at + length));
    if (piece === null || at + length > bytes.length) text += escaped(bytes[at++]);
    else {
      // Escapes of bytes begin with a backslash too: one that stands in the name itself is written out.
      text += piece === '\\' ? escaped(0x5c) : piece;
      at += length;
    }
  }
  return text;
}

/** How many bytes a character of UTF-8 has that begins with this one; 0 where none does. */
function sequenceLength(first: number): number {
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first < 0xe0) return 2;
  if (first >= 0xe0 && first < 0xf0) return 3;
  return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

/** The bytes of a name that {@link nameText} wrote. */
export function nameBytes(text: string): Buffer {
  const parts = text.split(/\\x([0-9A-Fa-f]{2})/);
  return Buffer.concat(
    parts.map((part, i) =>
      i % 2 === 0 ? Buffer.from(part, 'utf8') : Buffer.from([Number.parseInt(part, 16)]),
    ),
  );
}

/** A path as text, for messages and keys. */
export const pathText = (path: FilePath) => (typeof path === 'string' ? path : nameText(path));

/** A path below another one; stays text where both are. */
export function joinPath(folder: FilePath, name: FilePath): FilePath {
  if (typeof folder === 'string' && typeof name === 'string') return `${folder.replace(/\/$/, '')}/${name}`;
  const [a, b] = [folder, name].map((part) => Buffer.from(part as string));
  return Buffer.concat([a, Buffer.from(a.at(-1) === SLASH ? '' : sep), b]);
}

/** Bytes of a name as a path: text where they are UTF-8. */
export const pathOf = (bytes: Buffer): FilePath => utf8Of(bytes) ?? bytes;

/** An absolute path; `base` is where a relative one begins. */
export function absolutePath(base: FilePath, path: FilePath): FilePath {
  if (typeof base === 'string' && typeof path === 'string') return resolve(base, path);
  const bytes = Buffer.from(path as string);
  if (bytes[0] === SLASH) return path;
  return joinPath(
    typeof base === 'string' || base[0] !== SLASH ? absolutePath(process.cwd(), base) : base,
    path,
  );
}

/** The folder that a file lies in. */
export function folderOf(path: FilePath): FilePath {
  if (typeof path === 'string') return dirname(path);
  const end = path.lastIndexOf(SLASH);
  return end < 0 ? '.' : path.subarray(0, Math.max(1, end));
}

/**
 * The path that an argument of the command line names. The runtime gives arguments as text, with a
 * replacement character for what is no UTF-8; the bytes still stand in the system's list of this process's
 * arguments, where it has one.
 */
export function pathOfArgument(argument: string): FilePath {
  if (!argument.includes('\ufffd')) return argument;
  rawArguments ??= argumentsOfProcess();
  const found = rawArguments.findIndex((bytes) => bytes.toString('utf8') === argument);
  if (found < 0) return argument;
  // Of arguments that look the same, each is taken once, in order.
  return pathOf(rawArguments.splice(found, 1)[0]);
}

let rawArguments: Buffer[] | null = null;

function argumentsOfProcess(): Buffer[] {
  try {
    const all = readFileSync('/proc/self/cmdline');
    const found: Buffer[] = [];
    for (let at = 0; at < all.length; ) {
      const end = all.indexOf(0, at);
      found.push(all.subarray(at, end < 0 ? all.length : end));
      at = end < 0 ? all.length : end + 1;
    }
    return found.filter((bytes) => bytes.includes(0xef) || utf8Of(bytes) === null);
  } catch {
    return [];
  }
}
