import { InferenceLibraryError, inferenceLibrary } from '../liveness/onnx/library.ts';
import { NativeLibraryError, nativeTrouble } from '../native-library.ts';
import { openConnection } from '../store/sqlite/connection.ts';
import { type Check, fail, ok } from './check.ts';

/** A native library: loads it into this process, uses it once, and says what was loaded. */
export interface NativeLibrary {
  readonly name: string;
  load(): Promise<string>;
}

/** The native libraries that livestill is built on. */
const NATIVE_LIBRARIES: readonly NativeLibrary[] = [
  {
    name: 'picture library',
    async load() {
      const { default: sharp } = await import('sharp');
      await sharp({ create: { width: 8, height: 8, channels: 3, background: 'white' } })
        .jpeg()
        .toBuffer();
      return `sharp ${sharp.versions.sharp}, libvips ${sharp.versions.vips}`;
    },
  },
  {
    name: 'database library',
    async load() {
      const connection = openConnection(':memory:', 0);
      try {
        return `SQLite ${String(connection.execute('SELECT sqlite_version() AS version', []).rows[0]?.version)}`;
      } finally {
        connection.close();
      }
    },
  },
  {
    name: 'inference library',
    async load() {
      const { Tensor } = inferenceLibrary();
      return `onnxruntime, loaded${new Tensor('float32', new Float32Array(1), [1]).size === 1 ? '' : ', but not usable'}`;
    },
  },
];

/** Whether each native library can be loaded on this machine, and what is missing. */
export async function checkNativeLibraries(
  libraries: readonly NativeLibrary[] = NATIVE_LIBRARIES,
): Promise<readonly Check[]> {
  const checks: Check[] = [];
  for (const { name, load } of libraries) {
    try {
      checks.push(ok(name, await load()));
    } catch (error) {
      checks.push(notLoaded(name, error));
    }
  }
  return checks;
}

function notLoaded(name: string, error: unknown): Check {
  const isOurs = error instanceof InferenceLibraryError || error instanceof NativeLibraryError;
  const said = nativeTrouble(error) ?? (error as Error).message;
  const install =
    error instanceof InferenceLibraryError
      ? 'Run "npx livestill models pull" on this machine; Linux needs glibc.'
      : 'Install again on this machine with "npm ci", optional packages included; Linux needs glibc.';
  return fail(name, isOurs || nativeTrouble(error) !== null ? said : `cannot be used: ${said}`, install);
}
