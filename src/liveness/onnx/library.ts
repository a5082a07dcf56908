import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';
import type { InferenceSession, Tensor, TensorConstructor } from 'onnxruntime-common';

/*
 * The only place that may load onnxruntime (test/architecture.test.ts). Left to itself, version 1.30 reports
 * to its maker from Linux and macOS: it keeps a device number and a database of events under the home folder,
 * writes files of predictable names into the folder for temporary files, asks a name server for the maker's
 * host, and ends the process where its command line is long. The switch below, set before the library is
 * loaded, ends all of that; it is read by native code, from the environment of the process.
 */
const TELEMETRY_SWITCH = 'ORT_DISABLE_TELEMETRY';

/** Where `npm ci` in a clone, or the package, puts the library; see native/native.lock.json. */
const libraryDir = fileURLToPath(new URL('../../../native/onnxruntime-node/', import.meta.url));

const require = createRequire(import.meta.url);

/** A loaded network as the library gives it. */
export interface LibrarySession {
  readonly inputMetadata: readonly InferenceSession.ValueMetadata[];
  readonly outputMetadata: readonly InferenceSession.ValueMetadata[];
  /** Runs the network; gives the outputs named in `outputs`, or all where none is named. */
  run(feeds: Readonly<Record<string, Tensor>>, outputs?: readonly string[]): Promise<Record<string, Tensor>>;
  release(): Promise<void>;
}

/** What of onnxruntime is used here. */
export interface InferenceLibrary {
  /** Loads an ONNX model from its bytes. Throws the library's own error where it cannot. */
  createSession(model: Uint8Array, options: InferenceSession.SessionOptions): Promise<LibrarySession>;
  readonly Tensor: TensorConstructor;
}

/** The inference library cannot be loaded. The message says what is missing and what to do. */
export class InferenceLibraryError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'InferenceLibraryError';
  }
}

/** What `dist/backend.js` of onnxruntime-node makes of a model. */
interface SessionHandler {
  readonly inputMetadata: readonly InferenceSession.ValueMetadata[];
  readonly outputMetadata: readonly InferenceSession.ValueMetadata[];
  readonly outputNames: readonly string[];
  run(
    feeds: Readonly<Record<string, Tensor>>,
    fetches: Record<string, null>,
    options: object,
  ): Promise<Record<string, Tensor>>;
  dispose(): Promise<void>;
}

interface LibraryBackend {
  createInferenceSessionHandler(
    model: Uint8Array,
    options: InferenceSession.SessionOptions,
  ): Promise<SessionHandler>;
}

/** Somebody else has loaded the library into this process before, without the switch. */
const loadedUnsilenced =
  isMainThread && process.env[TELEMETRY_SWITCH] !== '1' && isLoaded(Object.keys(require.cache), ownMaps());

// At once and not only before loading: threads started from here on inherit it.
const inherited = process.env[TELEMETRY_SWITCH] === '1';
process.env[TELEMETRY_SWITCH] = '1';

let loaded: InferenceLibrary | undefined;

/**
 * The inference library, loaded at the first call, with its reports to its maker switched off.
 *
 * @throws {InferenceLibraryError} when it is not there for this platform, cannot be loaded, or would report.
 */
export function inferenceLibrary(): InferenceLibrary {
  loaded ??= load();
  return loaded;
}

/**
 * Whether onnxruntime is in this process already.
 *
 * @param modules paths of the CommonJS modules loaded by this thread
 * @param maps the text of `/proc/self/maps`, empty where there is none
 */
export function isLoaded(modules: readonly string[], maps: string): boolean {
  return (
    modules.some((path) => path.endsWith('onnxruntime_binding.node')) || maps.includes('/libonnxruntime')
  );
}

/**
 * Why the library may not be loaded in this thread, or null. A worker thread has its own copy of the
 * environment: what it sets there does not reach native code, so the switch must have been inherited.
 */
export function refusalInThread(mainThread: boolean, inheritedSwitch: boolean): string | null {
  if (mainThread || inheritedSwitch) return null;
  return (
    `in a worker thread ${TELEMETRY_SWITCH}=1 cannot be set for native code any more, and without it the inference library reports to its ` +
    `maker: import livestill in the main thread before the worker is started, or start Node with ${TELEMETRY_SWITCH}=1`
  );
}

function ownMaps(): string {
  try {
    return readFileSync('/proc/self/maps', 'utf8');
  } catch {
    return '';
  }
}

function load(): InferenceLibrary {
  const refusal = refusalInThread(isMainThread, inherited);
  if (refusal !== null) throw new InferenceLibraryError(refusal);
  if (loadedUnsilenced) {
    process.emitWarning(
      `onnxruntime was loaded in this process before livestill and without ${TELEMETRY_SWITCH}=1: it may report to its maker and keep ` +
        'files in the home folder and the folder for temporary files. Import livestill first, or start Node with that variable set.',
      { type: 'LivestillWarning', code: 'LIVESTILL_TELEMETRY' },
    );
  }
  process.env[TELEMETRY_SWITCH] = '1';
  const { backend, Tensor } = requireLibrary();
  return {
    Tensor,
    async createSession(model, options) {
      const handler = await backend.createInferenceSessionHandler(model, options);
      return {
        inputMetadata: handler.inputMetadata,
        outputMetadata: handler.outputMetadata,
        run: (feeds, outputs = handler.outputNames) =>
          handler.run(feeds, Object.fromEntries(outputs.map((name) => [name, null])), {}),
        release: () => handler.dispose(),
      };
    },
  };
}

function requireLibrary(): { readonly backend: LibraryBackend; readonly Tensor: TensorConstructor } {
  try {
    // Not through the package's index: it registers itself in `onnxruntime-common`, which a program with an
    // onnxruntime of its own shares.
    const { onnxruntimeBackend: backend } = require(`${libraryDir}dist/backend.js`) as {
      onnxruntimeBackend: LibraryBackend;
    };
    const { Tensor } = require('onnxruntime-common') as { Tensor: TensorConstructor };
    return { backend, Tensor };
  } catch (cause) {
    throw new InferenceLibraryError(whyNotLoaded(cause as NodeJS.ErrnoException), cause);
  }
}

function whyNotLoaded({ code, message }: NodeJS.ErrnoException): string {
  const platform = `${process.platform}-${process.arch}`;
  if (code === 'MODULE_NOT_FOUND') {
    return (
      `${libraryDir}: the inference library for ${platform} is not there. Run "npx livestill models pull" once, which fetches it from ` +
      'the npm registry; a clone gets it with "npm ci" too'
    );
  }
  if (message.includes('VERS_')) {
    return `another version of onnxruntime is loaded in this process already (${message}): judge in a process of its own`;
  }
  return `the inference library for ${platform} cannot be loaded (${message}). It needs glibc and libstdc++; systems with musl have neither`;
}
