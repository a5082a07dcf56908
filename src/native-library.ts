/**
 * A native library that livestill is built on cannot be loaded. The message says which, why, and what to do.
 */
export class NativeLibraryError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'NativeLibraryError';
  }
}

/** Packages with native code, by how their errors begin or whom they name, and what they are for. */
const LIBRARIES = [
  {
    sign: /Could not load the "sharp" module|@img\/sharp|\bsharp\b/,
    name: 'sharp',
    use: 'pictures are read with',
  },
  { sign: /@libsql\/|\blibsql\b/, name: 'libsql', use: 'the database is read with' },
] as const;

const advice =
  'Install again on this machine, optional packages included ("npm ci" in a clone; no --omit=optional, no --no-optional, no node_modules ' +
  'copied from another system or made by another processor). Linux needs glibc: there are no builds for musl (Alpine)';

/**
 * What is wrong, and what to do, where an error (or one of its causes) came of a native library that is
 * missing or cannot be loaded, in one sentence for people; null for every other error.
 * @param error an error, or the text of one
 */
export function nativeTrouble(error: unknown): string | null {
  for (let one = error, depth = 0; one !== undefined && one !== null && depth < 8; depth++) {
    if (one instanceof NativeLibraryError) return one.message;
    const {
      code = '',
      message = String(one),
      cause,
    } = one as { code?: unknown; message?: string; cause?: unknown };
    const text = `${String(code)} ${message}`;
    const isMissing = /MODULE_NOT_FOUND|Cannot find (?:module|package)/.test(text);
    const isBroken = /ERR_DLOPEN_FAILED|Could not load the "sharp" module/.test(text);
    const library = LIBRARIES.find(({ sign }) => sign.test(message));
    if ((isMissing || isBroken) && library !== undefined) {
      const platform = `${process.platform}-${process.arch}`;
      return `the library that ${library.use} (${library.name}) cannot be loaded on ${platform} (${reasonOf(message)}). ${advice}`;
    }
    one = cause;
  }
  return null;
}

/** The line of a long message that says why. */
function reasonOf(message: string): string {
  const lines = message.split('\n').map((line) => line.replace(/^(?:Uncaught )?Error: /, '').trim());
  const why = lines.find((line) => /ERR_DLOPEN_FAILED|Cannot find|cannot open|MODULE_NOT_FOUND/.test(line));
  return (why ?? lines[0] ?? '').slice(0, 300);
}
